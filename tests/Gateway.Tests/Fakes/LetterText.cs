using System.Collections.Immutable;
using System.Text;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Tests.Fakes;

/// <summary>A model's text in which a token is a UTF-16 unit, and a few marks above them: simple enough to predict by hand.</summary>
internal sealed class LetterText : IModelText
{
    public const int Turn = 70_000;
    public const int CallBegins = 70_001;
    public const int ArgumentsBegin = 70_002;
    public const int CallEnds = 70_003;
    public const int End = 70_004;

    public string Model => "letters";

    public int ContextTokensMax { get; init; } = 2_000;

    public ImmutableArray<int> EndTokens => [End];

    public string? Complaint { get; set; }

    public RenderedPrompt Render(ChatConversation conversation)
    {
        ImmutableArray<int>.Builder tokens = ImmutableArray.CreateBuilder<int>();
        if (conversation.ToolsJson is { } tools)
            tokens.AddRange(Letters(tools));
        foreach (ChatItem item in conversation.Items)
        {
            tokens.Add(Turn);
            tokens.Add('A' + (int)item.Role);
            if (!item.OutputTokens.IsEmpty)
            {
                tokens.AddRange(item.OutputTokens);
                continue;
            }
            if (item.Text.Contains("unrenderable", StringComparison.Ordinal))
                throw new TextException("The template cannot render this.");
            tokens.AddRange(Letters(item.Text));
            foreach (ToolCall call in item.Calls)
                tokens.AddRange(Call(call.Name, call.Arguments));
        }
        tokens.Add(Turn);
        tokens.Add('A' + (int)ChatRole.Assistant);
        return new RenderedPrompt(tokens.ToImmutable(), tokens.Count);
    }

    public IOutputReader CreateReader(SegmentSpec spec) => new Reader(spec);

    public string? Check(SegmentSpec spec) => Complaint;

    public static ImmutableArray<int> Letters(string text) => [.. text.Select(c => (int)c)];

    public static ImmutableArray<int> Call(string name, string arguments) => [CallBegins, .. Letters(name), ArgumentsBegin, .. Letters(arguments), CallEnds];

    private sealed class Reader(SegmentSpec spec) : IOutputReader
    {
        private readonly StringBuilder _text = new();
        private readonly StringBuilder _name = new();
        private readonly StringBuilder _arguments = new();
        private int _place;

        public ImmutableArray<ParsedCall> Calls { get; private set; } = [];

        public string Text => _text.ToString();

        public bool Stopped { get; private set; }

        public void Push(int token, ICollection<OutputDelta> deltas)
        {
            switch (token)
            {
                case End:
                    break;
                case CallBegins when spec.ToolMode != ToolMode.None:
                    (_place, _) = (1, _name.Clear());
                    break;
                case ArgumentsBegin:
                    (_place, _) = (2, _arguments.Clear());
                    deltas.Add(new OutputDelta.CallStarted(Calls.Length, _name.ToString()));
                    break;
                case CallEnds:
                    _place = 0;
                    deltas.Add(new OutputDelta.CallEnded(Calls.Length));
                    Calls = Calls.Add(new ParsedCall(_name.ToString(), _arguments.ToString()));
                    break;
                default:
                    Letter((char)token, deltas);
                    break;
            }
        }

        public void Finish(ICollection<OutputDelta> deltas)
        {
        }

        private void Letter(char letter, ICollection<OutputDelta> deltas)
        {
            switch (_place)
            {
                case 0:
                    _text.Append(letter);
                    deltas.Add(new OutputDelta.TextAdded(letter.ToString()));
                    break;
                case 1:
                    _name.Append(letter);
                    break;
                default:
                    _arguments.Append(letter);
                    deltas.Add(new OutputDelta.ArgumentsAdded(Calls.Length, letter.ToString()));
                    break;
            }
        }
    }
}
