using System.Text;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>One rendering: runs statements, within a budget.</summary>
internal sealed class Evaluation
{
    private const int MacrosMax = 32;

    private readonly Budget _budget;
    private readonly ExpressionEvaluator _expressions;
    private int _macros;
    private StringBuilder _output = new();
    private Scope _scope;

    public Evaluation(IReadOnlyDictionary<string, object?> variables, Budget budget)
    {
        _budget = budget;
        _expressions = new ExpressionEvaluator(budget);
        var globals = new Scope(null);
        foreach (var (name, value) in Globals.All)
            globals.Names[name] = value;
        foreach (var (name, value) in variables)
            globals.Names[name] = value;
        _scope = new Scope(globals);
    }

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public string Run(List<Statement> body)
    {
        RunBody(body);
        return _output.ToString();
    }

    private Flow RunBody(List<Statement> body)
    {
        if (!System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TemplateErrors.At(body.Count > 0 ? body[0].Line : 0, "blocks and macros are nested too deeply");
        foreach (Statement statement in body)
        {
            _budget.Charge(1, statement.Line);
            Flow flow = RunOne(statement);
            if (flow != Flow.Next)
                return flow;
        }
        return Flow.Next;
    }

    private Flow RunOne(Statement statement)
    {
        switch (statement)
        {
            case Statement.Text text:
                Write(text.Value, text.Line);
                return Flow.Next;
            case Statement.Output output:
                Write(PythonText.Str(Evaluate(output.Value)), output.Line);
                return Flow.Next;
            case Statement.If choice:
                foreach (var (condition, body) in choice.Branches)
                {
                    if (TemplateValues.IsTrue(Evaluate(condition)))
                        return RunBody(body);
                }
                return RunBody(choice.Else);
            case Statement.For loop:
                RunLoop(loop);
                return Flow.Next;
            case Statement.Set set:
                Assign(set.Targets, set.Member, Evaluate(set.Value), set.Line);
                return Flow.Next;
            case Statement.SetBlock set:
                StringBuilder outer = _output;
                _output = new StringBuilder();
                RunBody(set.Body);
                string captured = _output.ToString();
                _output = outer;
                Assign([set.Target], set.Member, captured, set.Line);
                return Flow.Next;
            case Statement.Macro macro:
                Scope defined = _scope;
                _scope.Names[macro.Name] = (TemplateFunction)(arguments => CallMacro(macro, defined, arguments));
                return Flow.Next;
            case Statement.Group group:
                return RunBody(group.Body);
            case Statement.Break:
                return Flow.Break;
            default:
                return Flow.Continue;
        }
    }

    private void RunLoop(Statement.For loop)
    {
        object? source = Evaluate(loop.Items);
        List<object?> items = TemplateValues.Items(source)
            ?? throw TemplateErrors.At(loop.Line, $"cannot loop over {TemplateValues.KindOf(source)}");
        _budget.Charge(items.Count, loop.Line);
        Scope outer = _scope;
        if (loop.Filter is not null)
        {
            items = items.FindAll(item =>
            {
                _scope = new Scope(outer);
                Assign(loop.Targets, null, item, loop.Line);
                return TemplateValues.IsTrue(Evaluate(loop.Filter));
            });
        }
        for (int i = 0; i < items.Count; i++)
        {
            _scope = new Scope(outer);
            _scope.Names["loop"] = LoopVariables(items, i);
            Assign(loop.Targets, null, items[i], loop.Line);
            if (RunBody(loop.Body) == Flow.Break)
                break;
        }
        _scope = outer;
        if (items.Count == 0)
            RunBody(loop.Else);
    }

    private string CallMacro(Statement.Macro macro, Scope defined, CallArguments arguments)
    {
        if (++_macros > MacrosMax)
            throw arguments.Error($"macros are nested deeper than {MacrosMax}");
        if (arguments.Positional.Count > macro.Parameters.Count)
            throw arguments.Error($"the macro '{macro.Name}' takes {macro.Parameters.Count} arguments");
        if (arguments.Named.Keys.FirstOrDefault(name => !macro.Parameters.Exists(parameter => parameter.Name == name)) is { } unknown)
            throw arguments.Error($"the macro '{macro.Name}' has no argument '{unknown}'");
        (Scope scope, StringBuilder output) = (_scope, _output);
        (_scope, _output) = (new Scope(defined), new StringBuilder());
        for (int i = 0; i < macro.Parameters.Count; i++)
        {
            var (name, otherwise) = macro.Parameters[i];
            bool given = i < arguments.Positional.Count || arguments.Named.ContainsKey(name);
            _scope.Names[name] = given ? arguments.Get(i, name) : otherwise is null ? new Undefined(name) : Evaluate(otherwise);
        }
        RunBody(macro.Body);
        string made = _output.ToString();
        (_scope, _output) = (scope, output);
        _macros--;
        _budget.Charge(made.Length, arguments.Line);
        return made;
    }

    private static TemplateNamespace LoopVariables(List<object?> items, int i)
    {
        var loop = new TemplateNamespace();
        loop.Members["index"] = i + 1L;
        loop.Members["index0"] = (long)i;
        loop.Members["revindex"] = (long)items.Count - i;
        loop.Members["revindex0"] = items.Count - i - 1L;
        loop.Members["first"] = i == 0;
        loop.Members["last"] = i == items.Count - 1;
        loop.Members["length"] = (long)items.Count;
        loop.Members["previtem"] = i > 0 ? items[i - 1] : new Undefined("loop.previtem");
        loop.Members["nextitem"] = i + 1 < items.Count ? items[i + 1] : new Undefined("loop.nextitem");
        loop.Members["cycle"] = (TemplateFunction)(arguments => arguments.Positional.Count > 0
            ? arguments.Positional[i % arguments.Positional.Count]
            : throw arguments.Error("loop.cycle needs values"));
        return loop;
    }

    private void Assign(List<string> targets, string? member, object? value, int line)
    {
        if (member is not null)
        {
            if (_scope.Find(targets[0]) is not TemplateNamespace space)
                throw TemplateErrors.At(line, $"'{targets[0]}' is not a namespace, so '{member}' cannot be set");
            space.Members[member] = value;
            return;
        }
        if (targets.Count == 1)
        {
            _scope.Names[targets[0]] = value;
            return;
        }
        if (TemplateValues.Items(value) is not { } parts || parts.Count != targets.Count)
            throw TemplateErrors.At(line, $"{targets.Count} names cannot be set from {TemplateValues.KindOf(value)}");
        for (int i = 0; i < parts.Count; i++)
            _scope.Names[targets[i]] = parts[i];
    }

    private object? Evaluate(Expression expression) => _expressions.Evaluate(expression, _scope);

    private void Write(string text, int line)
    {
        if (_output.Length + (long)text.Length > _budget.CharsMax)
            throw TemplateErrors.At(line, $"the output is longer than {_budget.CharsMax} characters");
        _output.Append(text);
    }
}

/// <summary>Names visible at a place. A loop's body has its own; what it sets is gone after it.</summary>
internal sealed class Scope(Scope? outer)
{
    public Dictionary<string, object?> Names { get; } = new(StringComparer.Ordinal);

    public object? Find(string name)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope.Names.TryGetValue(name, out object? value))
                return value;
        }
        return new Undefined(name);
    }

    private Scope? Outer => outer;
}

/// <summary>Functions every template has.</summary>
internal static class Globals
{
    private const int RangeMax = 100_000;

    public static IReadOnlyDictionary<string, object?> All { get; } = new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["namespace"] = (TemplateFunction)MakeNamespace,
        ["dict"] = (TemplateFunction)MakeDict,
        ["range"] = (TemplateFunction)Range,
        ["raise_exception"] = (TemplateFunction)Raise,
    };

    private static TemplateNamespace MakeNamespace(CallArguments arguments)
    {
        var space = new TemplateNamespace();
        foreach (var (name, value) in MakeDict(arguments))
            space.Members[name] = value;
        return space;
    }

    private static OrderedDictionary<string, object?> MakeDict(CallArguments arguments)
    {
        var members = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        if (arguments.Get(0, "", null) is OrderedDictionary<string, object?> source)
        {
            foreach (var (name, value) in source)
                members[name] = value;
        }
        foreach (var (name, value) in arguments.Named)
            members[name] = value;
        return members;
    }

    private static List<object?> Range(CallArguments arguments)
    {
        bool one = arguments.Positional.Count == 1;
        long start = one ? 0 : arguments.Integer(0, "start", 0);
        long stop = arguments.Integer(one ? 0 : 1, "stop", 0);
        long step = arguments.Integer(2, "step", 1);
        if (step == 0)
            throw arguments.Error("range: the step is zero");
        var items = new List<object?>();
        for (Int128 i = start; step > 0 ? i < stop : i > stop; i += step)
        {
            if (items.Count >= RangeMax)
                throw arguments.Error($"range: more than {RangeMax} items");
            items.Add((long)i);
        }
        arguments.Budget.Charge(items.Count, arguments.Line);
        return items;
    }

    private static object? Raise(CallArguments arguments) =>
        throw new TextException($"The chat template refuses this conversation: {PythonText.Str(arguments.Get(0, "message", ""))}");
}
