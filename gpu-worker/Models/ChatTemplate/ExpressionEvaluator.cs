using System.Numerics;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Computes expressions.</summary>
internal sealed class ExpressionEvaluator(Budget budget)
{
    private const int DepthMax = 500;
    private int _depth;

    public object? Evaluate(Expression expression, Scope scope)
    {
        budget.Charge(1, expression.Line);
        if (++_depth > DepthMax || !System.Runtime.CompilerServices.RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw TemplateErrors.At(expression.Line, $"an expression is nested deeper than {DepthMax}");
        object? value = Compute(expression, scope);
        _depth--;
        return value;
    }

    private object? Compute(Expression expression, Scope scope)
    {
        switch (expression)
        {
            case Expression.Literal literal:
                return literal.Value;
            case Expression.Name name:
                return scope.Find(name.Id);
            case Expression.ListOf list:
                return list.Items.ConvertAll(item => Evaluate(item, scope));
            case Expression.DictOf dict:
                return Dict(dict, scope);
            case Expression.Attribute attribute:
                return Members.Attribute(Evaluate(attribute.Target, scope), attribute.Member, attribute.Line);
            case Expression.Index index:
                return Members.Index(Evaluate(index.Target, scope), Evaluate(index.Key, scope), index.Line);
            case Expression.Slice slice:
                return Members.Slice(
                    Evaluate(slice.Target, scope), Bound(slice.Start, scope), Bound(slice.Stop, scope), Bound(slice.Step, scope), slice.Line);
            case Expression.Call call:
                return Call(call, scope);
            case Expression.Filter filter:
                return Filters.Apply(Evaluate(filter.Target!, scope), Arguments(filter.Id, filter.Arguments, filter.Line, scope));
            case Expression.Test test:
                return Tests.Apply(Evaluate(test.Target, scope), Arguments(test.Id, test.Arguments, test.Line, scope)) != test.Negated;
            case Expression.Unary unary:
                return Unary(unary, Evaluate(unary.Operand, scope));
            case Expression.Binary { Operator: "and" } and:
                object? left = Evaluate(and.Left, scope);
                return TemplateValues.IsTrue(left) ? Evaluate(and.Right, scope) : left;
            case Expression.Binary { Operator: "or" } or:
                left = Evaluate(or.Left, scope);
                return TemplateValues.IsTrue(left) ? left : Evaluate(or.Right, scope);
            case Expression.Binary binary:
                return Operators.Binary(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), binary.Line, budget);
            case Expression.Comparison comparison:
                return Compare(comparison, scope);
            case Expression.Conditional choice:
                if (TemplateValues.IsTrue(Evaluate(choice.Condition, scope)))
                    return Evaluate(choice.Then, scope);
                return choice.Else is null ? new Undefined("else") : Evaluate(choice.Else, scope);
            default:
                throw TemplateErrors.At(expression.Line, "this expression is not supported");
        }
    }

    private OrderedDictionary<string, object?> Dict(Expression.DictOf dict, Scope scope)
    {
        var members = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in dict.Items)
        {
            string name = Evaluate(key, scope) as string ?? throw TemplateErrors.At(dict.Line, "keys of a mapping must be strings");
            members[name] = Evaluate(value, scope);
        }
        return members;
    }

    private object? Call(Expression.Call call, Scope scope)
    {
        object? target = Evaluate(call.Target, scope);
        string name = call.Target switch
        {
            Expression.Name id => id.Id,
            Expression.Attribute attribute => attribute.Member,
            _ => "a value",
        };
        return target is TemplateFunction function
            ? function(Arguments(name, call.Arguments, call.Line, scope))
            : throw TemplateErrors.At(call.Line, $"'{name}' cannot be called: it is {TemplateValues.KindOf(target)}");
    }

    private CallArguments Arguments(string callee, Arguments arguments, int line, Scope scope)
    {
        var named = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in arguments.Named)
            named[name] = Evaluate(value, scope);
        return new CallArguments(callee, arguments.Positional.ConvertAll(item => Evaluate(item, scope)), named, line, budget);
    }

    private long? Bound(Expression? expression, Scope scope) => expression is null ? null : Evaluate(expression, scope) switch
    {
        long value => value,
        null => null,
        bool value => value ? 1 : 0,
        var other => throw TemplateErrors.At(expression.Line, $"a slice bound is {TemplateValues.KindOf(other)}"),
    };

    private static object? Unary(Expression.Unary unary, object? operand) => (unary.Operator, operand) switch
    {
        ("not", _) => !TemplateValues.IsTrue(operand),
        ("-", double value) => -value,
        ("-", long or bool or BigInteger) => TemplateValues.Narrow(-TemplateValues.AsInteger(operand)),
        ("+", long or double or BigInteger) => operand,
        _ => throw TemplateErrors.At(unary.Line, $"'{unary.Operator}' cannot be applied to {TemplateValues.KindOf(operand)}"),
    };

    private bool Compare(Expression.Comparison comparison, Scope scope)
    {
        object? left = Evaluate(comparison.First, scope);
        foreach (var (op, operand) in comparison.Rest)
        {
            object? right = Evaluate(operand, scope);
            if (!Operators.Compare(op, left, right, comparison.Line))
                return false;
            left = right;
        }
        return true;
    }
}
