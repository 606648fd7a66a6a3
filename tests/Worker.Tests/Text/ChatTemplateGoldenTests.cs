using System.Globalization;
using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.ChatTemplate;

namespace Astraea.Worker.Tests.Text;

/// <summary>Templates of the shapes that published models use, in our own words, rendered as Python renders them.</summary>
public sealed class ChatTemplateGoldenTests
{
    private static readonly JsonElement Golden = JsonDocument.Parse(BpeTokenizerTests.Golden("templates.json")).RootElement;

    public static TheoryData<string> Templates => [.. Golden.GetProperty("templates").EnumerateObject().Select(template => template.Name)];

    [Theory]
    [MemberData(nameof(Templates))]
    public void Conversations_render_as_python_renders_them(string name)
    {
        JinjaTemplate template = JinjaTemplate.Parse(Golden.GetProperty("templates").GetProperty(name).GetString()!);
        DateTimeOffset now = DateTimeOffset.Parse(Golden.GetProperty("now").GetString()!, CultureInfo.InvariantCulture);
        var wrong = new StringBuilder();
        int cases = 0;
        foreach (JsonElement entry in Golden.GetProperty("cases").EnumerateArray().Where(entry => entry.GetProperty("template").GetString() == name))
        {
            string? expected = entry.TryGetProperty("expected", out JsonElement text) ? text.GetString() : null;
            string? actual = null, error = null;
            try
            {
                actual = template.Render(Variables(entry, now));
            }
            catch (TextException e)
            {
                error = e.Message;
            }
            if (actual != expected)
                wrong.AppendLine($"{entry.GetProperty("conversation")}\n  expected: {expected ?? "an error"}\n  actual:   {actual ?? error}");
            else if (expected is null && entry.GetProperty("error").GetString() is var message && !error!.Contains(message!, StringComparison.Ordinal))
                wrong.AppendLine($"{entry.GetProperty("conversation")}\n  expected: {message}\n  actual:   {error}");
            cases++;
        }
        Assert.True(wrong.Length == 0, wrong.ToString());
        Assert.Equal(10, cases);
    }

    [Fact]
    public void At_least_ten_shapes_are_held()
    {
        Assert.True(Templates.Count >= 10);
        Assert.True(Golden.GetProperty("cases").EnumerateArray().Count(entry => entry.TryGetProperty("expected", out _)) >= 100);
    }

    private static Dictionary<string, object?> Variables(JsonElement entry, DateTimeOffset now)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["bos_token"] = "<s>",
            ["eos_token"] = "</s>",
            ["tools"] = null,
            ["strftime_now"] = StrfTime.Over(() => now),
        };
        JsonElement conversation = Golden.GetProperty("conversations").GetProperty(entry.GetProperty("conversation").GetString()!);
        foreach (JsonProperty variable in conversation.EnumerateObject().Concat(entry.GetProperty("variables").EnumerateObject()))
            variables[variable.Name] = TemplateValues.FromJson(variable.Value, text => text);
        return variables;
    }
}
