using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.ChatTemplate;

namespace Astraea.Worker.Tests.Text;

public sealed class JinjaTemplateTests
{
    private static readonly Dictionary<string, object?> Nothing = [];

    [Fact]
    public void Templates_render_as_python_renders_them()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Text", "Goldens", "jinja.json")));
        var variables = (OrderedDictionary<string, object?>)TemplateValues.FromJson(golden.RootElement.GetProperty("variables"), text => text)!;
        var wrong = new StringBuilder();
        int rendered = 0, refused = 0;
        foreach (JsonElement entry in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            string template = entry.GetProperty("template").GetString()!;
            string? expected = entry.TryGetProperty("expected", out JsonElement text) ? text.GetString() : null;
            string? actual = null, error = null;
            try
            {
                actual = JinjaTemplate.Parse(template).Render(new Dictionary<string, object?>(variables));
                rendered++;
            }
            catch (TextException e)
            {
                error = e.Message;
                refused++;
            }
            if (actual != expected)
                wrong.AppendLine($"{template}\n  expected: {expected ?? "an error"}\n  actual:   {actual ?? error}");
        }
        Assert.True(wrong.Length == 0, wrong.ToString());
        Assert.True(rendered >= 50 && refused >= 19);
    }

    [Theory]
    [InlineData("a\nb\n{{ 1 + }}", "line 3")]
    [InlineData("{% call f() %}{% endcall %}", "'call' is not supported")]
    [InlineData("{% macro f(a) %}{{ f(a) }}{% endmacro %}\n{{ f(1) }}", "macros are nested deeper than 32")]
    [InlineData("{% macro f(a) %}{% endmacro %}\n{{ f(1, 2) }}", "line 2: the macro 'f' takes 1 arguments")]
    [InlineData("{% macro f(a) %}{% endmacro %}{{ f(b=2) }}", "has no argument 'b'")]
    [InlineData("\n\n{% for x in y recursive %}{% endfor %}", "line 3: recursive")]
    [InlineData("{{ 'a'|batch(2) }}", "the filter 'batch' is not supported")]
    [InlineData("{{ nothing.at.all }}", "'nothing' is undefined")]
    [InlineData("{{ 9223372036854775808 }}", "too large")]
    [InlineData("{# open", "a comment is not closed")]
    [InlineData("{{ 'a' @ 1 }}", "unexpected character '@'")]
    public void Error_names_line_and_reason(string template, string expected)
    {
        TextException error = Assert.Throws<TextException>(() => JinjaTemplate.Parse(template).Render(Nothing));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("line ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}")]
    [InlineData("{{ 'x' * 900000000000 }}")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}")]
    [InlineData("{{ range(1000000000) }}")]
    [InlineData("{% set ns = namespace(n=3) %}{% for i in range(60) %}{% set ns.n = ns.n * ns.n %}{% endfor %}")]
    public void Work_without_end_is_stopped(string template) =>
        Assert.Throws<TextException>(() => JinjaTemplate.Parse(template, stepsMax: 500_000).Render(Nothing));

    [Fact]
    public void Output_without_end_is_stopped()
    {
        JinjaTemplate template = JinjaTemplate.Parse("{% for a in range(1000) %}0123456789{% endfor %}", charsMax: 9_999);

        Assert.Contains("longer than 9999", Assert.Throws<TextException>(() => template.Render(Nothing)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_nesting_is_an_error_and_not_a_crash()
    {
        string[] templates =
        [
            "{{ " + new string('(', 20_000) + "1" + new string(')', 20_000) + " }}",
            "{{ " + new string('[', 20_000) + " }}",
            "{{ " + string.Concat(Enumerable.Repeat("-", 20_000)) + "1 }}",
            "{{ 1" + string.Concat(Enumerable.Repeat(" + 1", 20_000)) + " }}",
            "{{ a" + string.Concat(Enumerable.Repeat(".b", 20_000)) + " }}",
            string.Concat(Enumerable.Repeat("{% if true %}", 10_000)),
        ];
        foreach (string template in templates)
            Assert.Throws<TextException>(() => JinjaTemplate.Parse(template).Render(Nothing));
    }

    [Fact]
    public void Random_cuts_of_a_template_render_or_err_but_never_crash()
    {
        const string source = "{%- for m in [1, {'a': 'b'}] if m is mapping -%} {{ m['a'][::-1] | trim ~ loop.index }}\n{% endfor %}{% set x = namespace(y=1) %}{{ x.y if not 1 in (2, 3) else 'z' }}";
        var random = new Random(11);
        int rendered = 0, refused = 0;
        for (int i = 0; i < 1000; i++)
        {
            int from = random.Next(source.Length), to = random.Next(source.Length);
            string cut = from <= to ? source[..from] + source[to..] : source[to..from] + source[..random.Next(source.Length)];
            try
            {
                JinjaTemplate.Parse(cut, 10_000, 10_000).Render(Nothing);
                rendered++;
            }
            catch (TextException)
            {
                refused++;
            }
        }
        Assert.True(rendered > 0 && refused > 0);
    }
}
