using System.Text;
using System.Text.Json;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Models.Output;

/// <summary>Reads one tool call, from behind its opening mark to the end of its closing mark: <c>{"name": …, "arguments": {…}}</c>.</summary>
internal sealed class CallScanner
{
    /// <summary>Opens a call.</summary>
    public const string Open = "<tool_call>";

    /// <summary>Closes a call.</summary>
    public const string Close = "</tool_call>";

    private readonly StringBuilder _raw;
    private readonly IReadOnlySet<string> _names;
    private readonly bool _eager;
    private int _start = -1;
    private int _end = -1;
    private int _depth;
    private bool _inString;
    private bool _escaped;
    private int _closed;

    /// <param name="blanks">White space before the opening mark: dropped with a call, text with anything else.</param>
    /// <param name="names">Declared function names.</param>
    /// <param name="eager">Whether arguments are shown as they come: only where the form of the output is forced, so that the call cannot fail later.</param>
    public CallScanner(string blanks, IReadOnlySet<string> names, bool eager)
    {
        _raw = new StringBuilder(blanks).Append(Open);
        _names = names;
        _eager = eager;
    }

    /// <summary>How a character was taken.</summary>
    public enum Step
    {
        /// <summary>The call goes on.</summary>
        More,

        /// <summary>The arguments go on with this character, and may be shown.</summary>
        Argument,

        /// <summary>The call is complete.</summary>
        Done,

        /// <summary>This is no call. The character was not taken.</summary>
        Failed,
    }

    /// <summary>All that was taken, with the opening mark and the blanks before it.</summary>
    public string Raw => _raw.ToString();

    /// <summary>The name, once arguments are shown as they come.</summary>
    public string? EagerName { get; private set; }

    /// <summary>The call, when done.</summary>
    public ParsedCall? Call { get; private set; }

    /// <summary>Takes the next character.</summary>
    public Step Push(char c)
    {
        if (_end >= 0)
            return PushAfter(c);
        if (_start < 0)
            return PushBefore(c);
        _raw.Append(c);
        bool argument = EagerName is not null && _depth >= 2;
        if (_inString)
        {
            _inString = _escaped || c != '"';
            _escaped = !_escaped && c == '\\';
        }
        else if (c == '"')
            _inString = true;
        else if (c is '{' or '[')
        {
            if (++_depth == 2 && c == '{' && _eager && EagerName is null)
            {
                EagerName = HeadName();
                argument = EagerName is not null;
            }
        }
        else if (c is '}' or ']' && --_depth == 0)
        {
            _end = _raw.Length;
            Call = Parse();
            return Call is null ? Undo() : Step.More;
        }
        return argument ? Step.Argument : Step.More;
    }

    private Step PushBefore(char c)
    {
        if (c == '{')
        {
            _start = _raw.Length;
            _depth = 1;
        }
        else if (!char.IsWhiteSpace(c))
            return Step.Failed;
        _raw.Append(c);
        return Step.More;
    }

    private Step PushAfter(char c)
    {
        if (c != Close[_closed] && !(_closed == 0 && char.IsWhiteSpace(c)))
            return Step.Failed;
        _raw.Append(c);
        if (c == Close[_closed])
            _closed++;
        return _closed == Close.Length ? Step.Done : Step.More;
    }

    private Step Undo()
    {
        _raw.Length--;
        return Step.Failed;
    }

    /// <summary>The declared name, when what stands before the brace at the end is a name and the key of the arguments.</summary>
    private string? HeadName() => Read(_raw.ToString(_start, _raw.Length - _start) + "}}") is { Arguments: "{}" } call ? call.Name : null;

    private ParsedCall? Parse() => Read(_raw.ToString(_start, _end - _start));

    private ParsedCall? Read(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            if (!root.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || !_names.Contains(name.GetString()!))
                return null;
            if (!root.TryGetProperty("arguments", out JsonElement arguments))
                return new ParsedCall(name.GetString()!, "{}");
            // Some models write the arguments as a string that holds the object.
            if (arguments.ValueKind == JsonValueKind.String)
            {
                using JsonDocument inner = JsonDocument.Parse(arguments.GetString()!);
                return inner.RootElement.ValueKind == JsonValueKind.Object ? new ParsedCall(name.GetString()!, arguments.GetString()!) : null;
            }
            return arguments.ValueKind == JsonValueKind.Object ? new ParsedCall(name.GetString()!, arguments.GetRawText()) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
