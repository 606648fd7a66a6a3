using System.Numerics;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Tests: <c>value is name</c>.</summary>
internal static class Tests
{
    public static bool Apply(object? value, CallArguments arguments)
    {
        switch (arguments.Callee)
        {
            case "defined":
                return value is not Undefined;
            case "undefined":
                return value is Undefined;
            case "none":
                return value is null;
            case "string":
                return value is string;
            case "boolean":
                return value is bool;
            case "true":
                return value is true;
            case "false":
                return value is false;
            case "integer":
                return value is long or BigInteger;
            case "float":
                return value is double;
            case "number":
                return TemplateValues.IsNumber(value);
            case "mapping":
                return value is OrderedDictionary<string, object?>;
            case "sequence":
                return value is string or List<object?> or OrderedDictionary<string, object?> or Undefined;
            case "iterable":
                return TemplateValues.Items(value) is not null;
            case "callable":
                return value is TemplateFunction;
            case "in":
                return Operators.Contains(arguments.Need(0, "seq"), value, arguments.Line);
            case "eq" or "equalto" or "sameas":
                return TemplateValues.AreEqual(value, arguments.Need(0, "other"));
            case "ne":
                return !TemplateValues.AreEqual(value, arguments.Need(0, "other"));
            case "lt" or "lessthan":
                return Operators.Compare("<", value, arguments.Need(0, "other"), arguments.Line);
            case "le":
                return Operators.Compare("<=", value, arguments.Need(0, "other"), arguments.Line);
            case "gt" or "greaterthan":
                return Operators.Compare(">", value, arguments.Need(0, "other"), arguments.Line);
            case "ge":
                return Operators.Compare(">=", value, arguments.Need(0, "other"), arguments.Line);
            case "odd":
                return !Whole(value, arguments).IsEven;
            case "even":
                return Whole(value, arguments).IsEven;
            case "divisibleby":
                BigInteger divisor = Whole(arguments.Need(0, "num"), arguments);
                return divisor.IsZero ? throw arguments.Error("division by zero") : (Whole(value, arguments) % divisor).IsZero;
            default:
                throw arguments.Error($"the test '{arguments.Callee}' is not supported");
        }
    }

    private static BigInteger Whole(object? value, CallArguments arguments) => value is long or bool or BigInteger
        ? TemplateValues.AsInteger(value)
        : throw arguments.Error($"the test '{arguments.Callee}' cannot be applied to {TemplateValues.KindOf(value)}");
}
