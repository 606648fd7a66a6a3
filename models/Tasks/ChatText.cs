using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks;

/// <summary>Who a piece of a rendered conversation comes from. Pieces are turned into tokens apart, as the server does.</summary>
public enum ChatPart
{
    /// <summary>The chat template: control tokens in it are meant.</summary>
    Template,

    /// <summary>Somebody's text: nothing in it is a control token.</summary>
    Content,

    /// <summary>The assistant's own output, with its end token: what is learnt.</summary>
    Output,
}

/// <summary>Renders tasks as the model's chat template does (chat_template.jinja beside the weights).</summary>
public static class ChatText
{
    /// <summary>Ends every turn.</summary>
    public const string End = "<|im_end|>";

    /// <summary>The whole of a task, acted out rightly.</summary>
    public static ImmutableArray<(string Text, ChatPart Part)> Render(AgentTask task)
    {
        var parts = ImmutableArray.CreateBuilder<(string, ChatPart)>();
        string open = OpenSystem(task, parts);
        foreach (TaskTurn turn in task.Turns)
        {
            parts.Add((open + "<|im_start|>user\n", ChatPart.Template));
            parts.Add((turn.User, ChatPart.Content));
            open = End + "\n";
            foreach (ToolRound round in turn.Rounds)
            {
                parts.Add((open + "<|im_start|>assistant\n", ChatPart.Template));
                parts.Add((Calls(round.Calls) + End, ChatPart.Output));
                open = "\n<|im_start|>user";
                foreach (string result in round.Results)
                {
                    parts.Add((open + "\n<tool_response>\n", ChatPart.Template));
                    parts.Add((result, ChatPart.Content));
                    open = "\n</tool_response>";
                }
                open += End + "\n";
            }
            parts.Add((open + "<|im_start|>assistant\n", ChatPart.Template));
            parts.Add((turn.Answer + End, ChatPart.Output));
            open = "\n";
        }
        return parts.ToImmutable();
    }

    /// <summary>Calls as the model writes them.</summary>
    public static string Calls(IEnumerable<ToolCall> calls) =>
        string.Join('\n', calls.Select(call => $"<tool_call>\n{{\"name\": \"{call.Name}\", \"arguments\": {call.Arguments}}}\n</tool_call>"));

    private static string OpenSystem(AgentTask task, ImmutableArray<(string, ChatPart)>.Builder parts)
    {
        if (task.System is null && task.Tools.Tools.IsEmpty)
            return "";
        var open = new StringBuilder("<|im_start|>system\n");
        if (task.System is not null)
        {
            parts.Add((open.ToString(), ChatPart.Template));
            parts.Add((task.System, ChatPart.Content));
            open.Clear();
        }
        if (!task.Tools.Tools.IsEmpty)
        {
            open.Append(task.System is null ? "<tools>" : "\n\n<tools>");
            foreach (JsonNode? tool in task.Tools.Declarations())
                open.Append('\n').Append(JsonText.Write(tool));
            open.Append("\n</tools>");
        }
        return open.Append(End).Append('\n').ToString();
    }
}
