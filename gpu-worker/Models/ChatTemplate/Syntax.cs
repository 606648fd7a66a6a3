namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>An expression of a template.</summary>
internal abstract record Expression(int Line)
{
    public sealed record Literal(object? Value, int Line) : Expression(Line);

    public sealed record Name(string Id, int Line) : Expression(Line);

    /// <summary>A list, or a tuple, which is treated as a list.</summary>
    public sealed record ListOf(List<Expression> Items, int Line) : Expression(Line);

    public sealed record DictOf(List<(Expression Key, Expression Value)> Items, int Line) : Expression(Line);

    public sealed record Attribute(Expression Target, string Member, int Line) : Expression(Line);

    public sealed record Index(Expression Target, Expression Key, int Line) : Expression(Line);

    public sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step, int Line) : Expression(Line);

    public sealed record Call(Expression Target, Arguments Arguments, int Line) : Expression(Line);

    public sealed record Filter(Expression? Target, string Id, Arguments Arguments, int Line) : Expression(Line);

    public sealed record Test(Expression Target, string Id, Arguments Arguments, bool Negated, int Line) : Expression(Line);

    public sealed record Unary(string Operator, Expression Operand, int Line) : Expression(Line);

    public sealed record Binary(string Operator, Expression Left, Expression Right, int Line) : Expression(Line);

    /// <summary>Chained comparisons: <c>a &lt; b &lt; c</c>.</summary>
    public sealed record Comparison(Expression First, List<(string Operator, Expression Operand)> Rest, int Line) : Expression(Line);

    public sealed record Conditional(Expression Condition, Expression Then, Expression? Else, int Line) : Expression(Line);
}

/// <summary>Arguments of a call, filter or test.</summary>
internal sealed record Arguments(List<Expression> Positional, List<(string Name, Expression Value)> Named)
{
    public static Arguments None { get; } = new([], []);
}

/// <summary>A statement of a template.</summary>
internal abstract record Statement(int Line)
{
    public sealed record Text(string Value, int Line) : Statement(Line);

    public sealed record Output(Expression Value, int Line) : Statement(Line);

    public sealed record If(List<(Expression Condition, List<Statement> Body)> Branches, List<Statement> Else, int Line) : Statement(Line);

    public sealed record For(
        List<string> Targets, Expression Items, Expression? Filter, List<Statement> Body, List<Statement> Else, int Line) : Statement(Line);

    /// <summary>Sets names, or a member of a namespace.</summary>
    public sealed record Set(List<string> Targets, string? Member, Expression Value, int Line) : Statement(Line);

    /// <summary>Sets a name to the output of a body.</summary>
    public sealed record SetBlock(string Target, string? Member, List<Statement> Body, int Line) : Statement(Line);

    /// <summary>A body that can be called by name; parameters may have defaults.</summary>
    public sealed record Macro(string Name, List<(string Name, Expression? Default)> Parameters, List<Statement> Body, int Line) : Statement(Line);

    /// <summary>A body without effect of its own, such as the generation marks of training.</summary>
    public sealed record Group(List<Statement> Body, int Line) : Statement(Line);

    public sealed record Break(int Line) : Statement(Line);

    public sealed record Continue(int Line) : Statement(Line);
}
