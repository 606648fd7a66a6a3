using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Astraea.Models.Tasks;

namespace Astraea.Models.TaskWriter;

/// <summary>Writes tasks for the training script: <c>{"kind": …, "stage": …, "parts": [[text, part], …]}</c>, where part is a <see cref="ChatPart"/> as a number.</summary>
internal static class TaskLines
{
    private static readonly JsonWriterOptions _options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(AgentTask task, Stream output)
    {
        using (var json = new Utf8JsonWriter(output, _options))
        {
            json.WriteStartObject();
            json.WriteString("kind", task.Kind);
            json.WriteNumber("stage", TaskGenerator.StageOf(task.Kind));
            json.WriteStartArray("parts");
            foreach (var (text, part) in ChatText.Render(task))
            {
                json.WriteStartArray();
                json.WriteStringValue(text);
                json.WriteNumberValue((int)part);
                json.WriteEndArray();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        output.WriteByte((byte)'\n');
    }

    public static void WriteReadable(AgentTask task, Stream output) => output.Write(Encoding.UTF8.GetBytes(
        $"=== {task.Kind} {task.Index}\n{string.Concat(ChatText.Render(task).Select(part => part.Part == ChatPart.Output ? $"\u00AB{part.Text}\u00BB" : part.Text))}\n"));
}
