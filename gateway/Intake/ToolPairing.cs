using System.Collections.Immutable;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Intake;

/// <summary>The rule that every call is answered, once, right behind it.</summary>
internal static class ToolPairing
{
    /// <summary>Checks a whole conversation and fills in the function name of each result.</summary>
    /// <exception cref="ApiException">A result without a call, twice, or missing (400).</exception>
    public static ImmutableArray<ChatItem> Pair(ImmutableArray<ChatItem> items, string param)
    {
        Dictionary<string, string> open = new(StringComparer.Ordinal);
        ImmutableArray<ChatItem>.Builder paired = ImmutableArray.CreateBuilder<ChatItem>(items.Length);
        foreach (ChatItem item in items)
        {
            if (item.Role == ChatRole.Tool)
            {
                if (!open.Remove(item.CallId ?? "", out string? name))
                    throw ApiError.Invalid(param, $"There is no open tool call '{ToolIntake.Printable(item.CallId ?? "")}' for this tool result.", "unknown_tool_call").Raise();
                paired.Add(item with { Name = name });
                continue;
            }
            ThrowIfOpen(open, param);
            foreach (ToolCall call in item.Calls)
            {
                if (!open.TryAdd(call.Id, call.Name))
                    throw ApiError.Invalid(param, $"The tool call id '{ToolIntake.Printable(call.Id)}' is used twice.").Raise();
            }
            paired.Add(item);
        }
        ThrowIfOpen(open, param);
        return paired.MoveToImmutable();
    }

    private static void ThrowIfOpen(Dictionary<string, string> open, string param)
    {
        if (open.Count > 0)
            throw ApiError.Invalid(
                param, $"No tool result was found for the tool call '{ToolIntake.Printable(open.Keys.Order(StringComparer.Ordinal).First())}'.", "missing_tool_result").Raise();
    }
}
