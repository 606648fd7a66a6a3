using System.Globalization;
using System.Numerics;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Builds expressions from tokens. Precedence, loosest first: if-else, or, and, not, comparisons, + −, ~, * / // %, **, unary, then postfix, filters and tests.</summary>
internal sealed class ExpressionParser(TokenReader tokens)
{
    private const int DepthMax = 100;
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];
    private static readonly string[] Reserved = ["and", "or", "not", "in", "is", "if", "else"];
    private int _depth;

    /// <summary>An expression, or several with commas, which make a list.</summary>
    public Expression Tuple() => Sequence(Conditional);

    /// <summary>The same, leaving an <c>if</c> that follows to the caller.</summary>
    public Expression TupleWithoutCondition() => Sequence(Or);

    public Expression Conditional()
    {
        int line = tokens.Current.Line;
        if (++_depth > DepthMax)
            throw TemplateErrors.At(line, $"an expression is nested deeper than {DepthMax}");
        Expression value = Or();
        while (tokens.TryName("if"))
        {
            Expression condition = Or();
            value = new Expression.Conditional(condition, value, tokens.TryName("else") ? Conditional() : null, line);
        }
        _depth--;
        return value;
    }

    private Expression Sequence(Func<Expression> item)
    {
        int line = tokens.Current.Line;
        Expression first = item();
        if (!tokens.Current.Is(TokenKind.Operator, ","))
            return first;
        List<Expression> items = [first];
        while (tokens.TryOperator(",") && tokens.Current.Kind is not (TokenKind.BlockEnd or TokenKind.OutputEnd) && !tokens.Current.Is(TokenKind.Operator, ")"))
            items.Add(item());
        return new Expression.ListOf(items, line);
    }

    private Expression Or()
    {
        Expression left = And();
        while (tokens.Current is var token && tokens.TryName("or"))
            left = new Expression.Binary("or", left, And(), token.Line);
        return left;
    }

    private Expression And()
    {
        Expression left = Not();
        while (tokens.Current is var token && tokens.TryName("and"))
            left = new Expression.Binary("and", left, Not(), token.Line);
        return left;
    }

    private Expression Not()
    {
        int negations = 0;
        int line = tokens.Current.Line;
        while (tokens.TryName("not"))
            negations++;
        Expression value = Compare();
        for (; negations > 0; negations--)
            value = new Expression.Unary("not", value, line);
        return value;
    }

    private Expression Compare()
    {
        int line = tokens.Current.Line;
        Expression first = Chain(["+", "-"], Concat);
        var rest = new List<(string, Expression)>();
        while (true)
        {
            Token token = tokens.Current;
            string? op = null;
            if (token.Kind == TokenKind.Operator && Comparisons.Contains(token.Value))
                op = tokens.Next().Value;
            else if (tokens.TryName("in"))
                op = "in";
            else if (token.Is(TokenKind.Name, "not") && tokens.Peek.Is(TokenKind.Name, "in"))
            {
                tokens.Next();
                tokens.Next();
                op = "not in";
            }
            if (op is null)
                return rest.Count == 0 ? first : new Expression.Comparison(first, rest, line);
            rest.Add((op, Chain(["+", "-"], Concat)));
        }
    }

    private Expression Concat() => Chain(["~"], () => Chain(["*", "/", "//", "%"], Power));

    private Expression Power() => Chain(["**"], Unary);

    private Expression Chain(string[] operators, Func<Expression> operand)
    {
        Expression left = operand();
        while (tokens.Current is { Kind: TokenKind.Operator } token && operators.Contains(token.Value))
        {
            tokens.Next();
            left = new Expression.Binary(token.Value, left, operand(), token.Line);
        }
        return left;
    }

    private Expression Unary()
    {
        Token token = tokens.Current;
        if (token.Kind != TokenKind.Operator || token.Value is not ("-" or "+"))
            return FiltersAndTests(Postfix(Primary()));
        int depth = 0;
        var signs = new Stack<string>();
        while (tokens.Current is { Kind: TokenKind.Operator, Value: "-" or "+" })
        {
            if (++depth > DepthMax)
                throw TemplateErrors.At(token.Line, $"an expression is nested deeper than {DepthMax}");
            signs.Push(tokens.Next().Value);
        }
        // A sign binds tighter than a filter: -1|abs is 1.
        Expression value = Postfix(Primary());
        foreach (string sign in signs)
            value = new Expression.Unary(sign, value, token.Line);
        return FiltersAndTests(value);
    }

    private Expression Primary()
    {
        Token token = tokens.Next();
        switch (token.Kind)
        {
            case TokenKind.String:
                string text = token.Value;
                while (tokens.Current.Kind == TokenKind.String)
                    text += tokens.Next().Value;
                return new Expression.Literal(text, token.Line);
            case TokenKind.Integer:
                BigInteger integer = BigInteger.Parse(token.Value, CultureInfo.InvariantCulture);
                return integer <= long.MaxValue ? new Expression.Literal((long)integer, token.Line) : throw TemplateErrors.At(token.Line, "an integer is too large");
            case TokenKind.Float:
                return new Expression.Literal(double.Parse(token.Value, CultureInfo.InvariantCulture), token.Line);
            case TokenKind.Name when !Reserved.Contains(token.Value):
                return token.Value switch
                {
                    "true" or "True" => new Expression.Literal(true, token.Line),
                    "false" or "False" => new Expression.Literal(false, token.Line),
                    "none" or "None" => new Expression.Literal(null, token.Line),
                    _ => new Expression.Name(token.Value, token.Line),
                };
            case TokenKind.Operator when token.Value == "(":
                if (tokens.TryOperator(")"))
                    return new Expression.ListOf([], token.Line);
                Expression inner = Tuple();
                tokens.Expect(TokenKind.Operator, ")");
                return inner;
            case TokenKind.Operator when token.Value == "[":
                return new Expression.ListOf(Items("]", Conditional), token.Line);
            case TokenKind.Operator when token.Value == "{":
                return new Expression.DictOf(Items("}", Entry), token.Line);
            default:
                throw TemplateErrors.At(token.Line, $"expected an expression, found {token}");
        }
    }

    private (Expression, Expression) Entry()
    {
        Expression key = Conditional();
        tokens.Expect(TokenKind.Operator, ":");
        return (key, Conditional());
    }

    private List<T> Items<T>(string close, Func<T> item)
    {
        var items = new List<T>();
        while (!tokens.TryOperator(close))
        {
            if (items.Count > 0)
            {
                tokens.Expect(TokenKind.Operator, ",");
                if (tokens.TryOperator(close))
                    break;
            }
            items.Add(item());
        }
        return items;
    }

    private Expression Postfix(Expression target)
    {
        while (true)
        {
            int line = tokens.Current.Line;
            if (tokens.TryOperator("."))
                target = tokens.Current.Kind == TokenKind.Integer
                    ? new Expression.Index(target, Primary(), line)
                    : new Expression.Attribute(target, tokens.Expect(TokenKind.Name, "a name").Value, line);
            else if (tokens.TryOperator("["))
                target = Subscript(target, line);
            else if (tokens.TryOperator("("))
                target = new Expression.Call(target, CallArguments(), line);
            else
                return target;
        }
    }

    private Expression Subscript(Expression target, int line)
    {
        Expression? start = null, stop = null, step = null;
        if (!tokens.Current.Is(TokenKind.Operator, ":"))
        {
            start = Conditional();
            if (tokens.TryOperator("]"))
                return new Expression.Index(target, start, line);
        }
        tokens.Expect(TokenKind.Operator, ":");
        if (!Ends())
            stop = Conditional();
        if (tokens.TryOperator(":") && !Ends())
            step = Conditional();
        tokens.Expect(TokenKind.Operator, "]");
        return new Expression.Slice(target, start, stop, step, line);

        bool Ends() => tokens.Current.Is(TokenKind.Operator, ":") || tokens.Current.Is(TokenKind.Operator, "]");
    }

    private Arguments CallArguments()
    {
        var arguments = new Arguments([], []);
        foreach (var (name, value) in Items(")", Argument))
        {
            if (name is not null)
                arguments.Named.Add((name, value));
            else
                arguments.Positional.Add(value);
        }
        return arguments;
    }

    private (string? Name, Expression Value) Argument()
    {
        if (tokens.Current.Kind != TokenKind.Name || !tokens.Peek.Is(TokenKind.Operator, "="))
            return (null, Conditional());
        string name = tokens.Next().Value;
        tokens.Next();
        return (name, Conditional());
    }

    private Expression FiltersAndTests(Expression value)
    {
        while (true)
        {
            int line = tokens.Current.Line;
            if (tokens.TryOperator("|"))
            {
                string name = tokens.Expect(TokenKind.Name, "a filter name").Value;
                value = new Expression.Filter(value, name, tokens.TryOperator("(") ? CallArguments() : Arguments.None, line);
            }
            else if (tokens.TryName("is"))
                value = Test(value, line);
            else if (tokens.TryOperator("("))
                value = new Expression.Call(value, CallArguments(), line);
            else
                return value;
        }
    }

    private Expression.Test Test(Expression value, int line)
    {
        bool negated = tokens.TryName("not");
        string name = tokens.Expect(TokenKind.Name, "a test name").Value;
        Arguments arguments = Arguments.None;
        if (tokens.TryOperator("("))
            arguments = CallArguments();
        else if (tokens.Current.Kind is TokenKind.Name or TokenKind.String or TokenKind.Integer or TokenKind.Float && !Reserved.Contains(tokens.Current.Value)
            || tokens.Current.Is(TokenKind.Operator, "[") || tokens.Current.Is(TokenKind.Operator, "{"))
            arguments = new Arguments([Postfix(Primary())], []);
        return new Expression.Test(value, name, arguments, negated, line);
    }
}
