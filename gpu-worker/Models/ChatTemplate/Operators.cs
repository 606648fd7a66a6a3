using System.Numerics;
using System.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Arithmetic and comparison with Python's meaning.</summary>
internal static class Operators
{
    private const int IntegerBitsMax = 4096;

    public static object? Binary(string op, object? left, object? right, int line, Budget budget)
    {
        switch (op, left, right)
        {
            case ("~", _, _):
                return Concat(PythonText.Str(left), PythonText.Str(right), line, budget);
            case ("+", string a, string b):
                return Concat(a, b, line, budget);
            case ("+", List<object?> a, List<object?> b):
                budget.Charge(a.Count + b.Count, line);
                return (List<object?>)[.. a, .. b];
            case ("*", string text, long times):
                return Repeat(text, times, line, budget);
            case ("*", long times, string text):
                return Repeat(text, times, line, budget);
        }
        if (!TemplateValues.IsNumber(left) || !TemplateValues.IsNumber(right))
            throw TemplateErrors.At(line, $"'{op}' cannot be applied to {TemplateValues.KindOf(left)} and {TemplateValues.KindOf(right)}");
        if (op == "/" || left is double || right is double)
            return Float(op, TemplateValues.AsDouble(left), TemplateValues.AsDouble(right), line);
        return Integer(op, TemplateValues.AsInteger(left), TemplateValues.AsInteger(right), line);
    }

    public static bool Compare(string op, object? left, object? right, int line)
    {
        switch (op)
        {
            case "==":
                return TemplateValues.AreEqual(left, right);
            case "!=":
                return !TemplateValues.AreEqual(left, right);
            case "in":
                return Contains(right, left, line);
            case "not in":
                return !Contains(right, left, line);
        }
        int order = Order(left, right, line);
        return op switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    /// <summary>Orders two numbers or two strings.</summary>
    public static int Order(object? left, object? right, int line)
    {
        if (left is string a && right is string b)
            return string.CompareOrdinal(a, b);
        if (TemplateValues.IsNumber(left) && TemplateValues.IsNumber(right))
        {
            return left is double || right is double
                ? TemplateValues.AsDouble(left).CompareTo(TemplateValues.AsDouble(right))
                : TemplateValues.AsInteger(left).CompareTo(TemplateValues.AsInteger(right));
        }
        throw TemplateErrors.At(line, $"{TemplateValues.KindOf(left)} and {TemplateValues.KindOf(right)} have no order");
    }

    public static bool Contains(object? container, object? item, int line) => container switch
    {
        string text when item is string part => text.Contains(part, StringComparison.Ordinal),
        List<object?> list => list.Exists(other => TemplateValues.AreEqual(other, item)),
        OrderedDictionary<string, object?> members => item is string key && members.ContainsKey(key),
        TemplateNamespace space => item is string key && space.Members.ContainsKey(key),
        Undefined => false,
        _ => throw TemplateErrors.At(line, $"'in' cannot look for {TemplateValues.KindOf(item)} in {TemplateValues.KindOf(container)}"),
    };

    private static string Concat(string left, string right, int line, Budget budget)
    {
        budget.Charge(left.Length + right.Length, line);
        return left + right;
    }

    private static string Repeat(string text, long times, int line, Budget budget)
    {
        if (times <= 0 || text.Length == 0)
            return "";
        budget.Charge(times > int.MaxValue ? long.MaxValue / 2 : text.Length * times, line);
        return new StringBuilder().Insert(0, text, (int)times).ToString();
    }

    private static object Integer(string op, BigInteger left, BigInteger right, int line)
    {
        if (left.GetBitLength() + right.GetBitLength() > IntegerBitsMax)
            throw TemplateErrors.At(line, "an integer is too large");
        if (op is "//" or "%" && right.IsZero)
            throw TemplateErrors.At(line, "division by zero");
        return TemplateValues.Narrow(op switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "//" => FloorDivide(left, right),
            "%" => left - (right * FloorDivide(left, right)),
            "**" when right >= 0 && right <= 64 => BigInteger.Pow(left, (int)right),
            _ => throw TemplateErrors.At(line, $"'{op}' cannot be computed for {left} and {right}"),
        });
    }

    private static BigInteger FloorDivide(BigInteger left, BigInteger right)
    {
        BigInteger quotient = BigInteger.DivRem(left, right, out BigInteger rest);
        return !rest.IsZero && rest.Sign != right.Sign ? quotient - 1 : quotient;
    }

    private static double Float(string op, double left, double right, int line)
    {
        if (op is "/" or "//" or "%" && right == 0)
            throw TemplateErrors.At(line, "division by zero");
        return op switch
        {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            "/" => left / right,
            "//" => Math.Floor(left / right),
            "%" => left - (right * Math.Floor(left / right)),
            "**" => Math.Pow(left, right),
            _ => throw TemplateErrors.At(line, $"'{op}' is not an operator of numbers"),
        };
    }
}
