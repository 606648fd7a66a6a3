using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Builds statements from tokens.</summary>
internal sealed class StatementParser
{
    private const int DepthMax = 64;

    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _depth;
    private int _loops;

    private StatementParser(TokenReader tokens)
    {
        _tokens = tokens;
        _expressions = new ExpressionParser(tokens);
    }

    public static List<Statement> Parse(string source)
    {
        var parser = new StatementParser(new TokenReader(Lexer.Tokenize(source)));
        List<Statement> body = parser.Body([]);
        return parser._tokens.Current.Kind == TokenKind.End ? body : throw parser._tokens.Unexpected("the end");
    }

    /// <summary>Statements up to, not including, a block whose name is in <paramref name="ends"/>.</summary>
    private List<Statement> Body(ReadOnlySpan<string> ends)
    {
        if (++_depth > DepthMax)
            throw TemplateErrors.At(_tokens.Current.Line, $"blocks are nested deeper than {DepthMax}");
        var body = new List<Statement>();
        while (true)
        {
            Token token = _tokens.Current;
            switch (token.Kind)
            {
                case TokenKind.Text:
                    _tokens.Next();
                    body.Add(new Statement.Text(token.Value, token.Line));
                    break;
                case TokenKind.OutputBegin:
                    _tokens.Next();
                    body.Add(new Statement.Output(_expressions.Tuple(), token.Line));
                    _tokens.Expect(TokenKind.OutputEnd, "}}");
                    break;
                case TokenKind.BlockBegin:
                    if (ends.Contains(_tokens.Peek.Value))
                    {
                        _depth--;
                        return body;
                    }
                    _tokens.Next();
                    body.Add(Block());
                    break;
                default:
                    if (ends.Length > 0)
                        throw TemplateErrors.At(token.Line, $"'{ends[^1]}' is missing");
                    _depth--;
                    return body;
            }
        }
    }

    private Statement Block()
    {
        Token name = _tokens.Expect(TokenKind.Name, "a block name");
        switch (name.Value)
        {
            case "if":
                return If(name.Line);
            case "for":
                return For(name.Line);
            case "set":
                return Set(name.Line);
            case "macro":
                return Macro(name.Line);
            case "generation":
                CloseTag();
                List<Statement> body = Body(["endgeneration"]);
                EndBlock();
                return new Statement.Group(body, name.Line);
            case "break" or "continue":
                if (_loops == 0)
                    throw TemplateErrors.At(name.Line, $"'{name.Value}' outside of a loop");
                CloseTag();
                return name.Value == "break" ? new Statement.Break(name.Line) : new Statement.Continue(name.Line);
            default:
                throw TemplateErrors.At(name.Line, $"the block '{name.Value}' is not supported");
        }
    }

    private Statement.If If(int line)
    {
        var branches = new List<(Expression, List<Statement>)>();
        List<Statement> otherwise = [];
        Expression condition = _expressions.Tuple();
        CloseTag();
        branches.Add((condition, Body(["elif", "else", "endif"])));
        while (true)
        {
            string name = NextBlockName();
            if (name == "elif")
            {
                condition = _expressions.Tuple();
                CloseTag();
                branches.Add((condition, Body(["elif", "else", "endif"])));
                continue;
            }
            CloseTag();
            if (name == "endif")
                return new Statement.If(branches, otherwise, line);
            otherwise = Body(["endif"]);
        }
    }

    private Statement.For For(int line)
    {
        List<string> targets = Targets();
        _tokens.ExpectName("in");
        Expression items = _expressions.TupleWithoutCondition();
        Expression? filter = _tokens.TryName("if") ? _expressions.Conditional() : null;
        if (_tokens.Current.Is(TokenKind.Name, "recursive"))
            throw TemplateErrors.At(line, "recursive loops are not supported");
        CloseTag();
        _loops++;
        List<Statement> body = Body(["else", "endfor"]);
        _loops--;
        List<Statement> otherwise = [];
        if (NextBlockName() == "else")
        {
            CloseTag();
            otherwise = Body(["endfor"]);
            NextBlockName();
        }
        CloseTag();
        return new Statement.For(targets, items, filter, body, otherwise, line);
    }

    private Statement.Macro Macro(int line)
    {
        string name = _tokens.Expect(TokenKind.Name, "a name").Value;
        _tokens.Expect(TokenKind.Operator, "(");
        var parameters = new List<(string, Expression?)>();
        while (!_tokens.TryOperator(")"))
        {
            if (parameters.Count > 0)
                _tokens.Expect(TokenKind.Operator, ",");
            string parameter = _tokens.Expect(TokenKind.Name, "a parameter").Value;
            parameters.Add((parameter, _tokens.TryOperator("=") ? _expressions.Conditional() : null));
        }
        CloseTag();
        // A loop around the macro is not one inside it.
        (int loops, _loops) = (_loops, 0);
        List<Statement> body = Body(["endmacro"]);
        _loops = loops;
        NextBlockName();
        _tokens.TryName(name);
        CloseTag();
        return new Statement.Macro(name, parameters, body, line);
    }

    private Statement Set(int line)
    {
        List<string> targets = Targets();
        string? member = null;
        if (targets.Count == 1 && _tokens.TryOperator("."))
            member = _tokens.Expect(TokenKind.Name, "a name").Value;
        if (_tokens.TryOperator("="))
        {
            Expression value = _expressions.Tuple();
            CloseTag();
            return new Statement.Set(targets, member, value, line);
        }
        if (targets.Count > 1)
            throw _tokens.Unexpected("'='");
        CloseTag();
        List<Statement> body = Body(["endset"]);
        EndBlock();
        return new Statement.SetBlock(targets[0], member, body, line);
    }

    private List<string> Targets()
    {
        bool parenthesised = _tokens.TryOperator("(");
        List<string> targets = [_tokens.Expect(TokenKind.Name, "a name").Value];
        while (_tokens.TryOperator(","))
            targets.Add(_tokens.Expect(TokenKind.Name, "a name").Value);
        if (parenthesised)
            _tokens.Expect(TokenKind.Operator, ")");
        return targets;
    }

    private string NextBlockName()
    {
        _tokens.Expect(TokenKind.BlockBegin, "{%");
        return _tokens.Expect(TokenKind.Name, "a block name").Value;
    }

    private void EndBlock()
    {
        NextBlockName();
        CloseTag();
    }

    private void CloseTag() => _tokens.Expect(TokenKind.BlockEnd, "%}");
}

/// <summary>Walks over tokens.</summary>
internal sealed class TokenReader(List<Token> tokens)
{
    private int _at;

    public Token Current => tokens[_at];

    public Token Peek => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    public Token Next() => Current.Kind == TokenKind.End ? Current : tokens[_at++];

    public bool TryOperator(string op) => Try(TokenKind.Operator, op);

    public bool TryName(string name) => Try(TokenKind.Name, name);

    /// <summary>Takes a token of a kind; where the kind has one spelling, <paramref name="what"/> is it.</summary>
    public Token Expect(TokenKind kind, string what) =>
        Current.Kind == kind && (kind != TokenKind.Operator || Current.Value == what) ? Next() : throw Unexpected(what);

    public void ExpectName(string name)
    {
        if (!TryName(name))
            throw Unexpected($"'{name}'");
    }

    public TextException Unexpected(string expected) => TemplateErrors.At(Current.Line, $"expected {expected}, found {Current}");

    private bool Try(TokenKind kind, string value)
    {
        if (!Current.Is(kind, value))
            return false;
        _at++;
        return true;
    }
}
