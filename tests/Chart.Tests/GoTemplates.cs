using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Astraea.Chart.Tests;

/// <summary>The engine Helm renders with: Go's own templates and sprig, in a small program beside this file (<c>render/</c>).</summary>
internal static class GoTemplates
{
    private const string Packages = "/usr/share/gocode";
    private static readonly Lazy<string> s_program = new(Build);

    /// <summary>Null when templates can be rendered here, else what is missing.</summary>
    public static string? Missing { get; } = WhatIsMissing();

    /// <summary>Renders.</summary>
    /// <returns>Files by name, or the error that stopped Helm.</returns>
    public static (IReadOnlyDictionary<string, string> Files, string? Error) Render(JsonObject input)
    {
        string answer = Run(s_program.Value, [], input.ToJsonString(), []);
        JsonElement output = JsonDocument.Parse(answer).RootElement;
        if (output.TryGetProperty("error", out JsonElement error))
            return (new Dictionary<string, string>(), error.GetString());
        return (output.GetProperty("files").EnumerateObject().ToDictionary(f => f.Name, f => f.Value.GetString()!), null);
    }

    private static string? WhatIsMissing()
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (!path.Any(folder => File.Exists(Path.Combine(folder, "go"))))
            return "There is no 'go' on the PATH (Debian: golang-go).";
        return Directory.Exists(Path.Combine(Packages, "src", "github.com", "Masterminds", "sprig"))
            ? null
            : "Go's package sprig is not installed (Debian: golang-github-masterminds-sprig-dev).";
    }

    private static string Build()
    {
        string folder = Directory.CreateTempSubdirectory("astraea-chart-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        string program = Path.Combine(folder, "render");
        List<(string, string)> settings = [("GO111MODULE", "off"), ("GOPATH", Packages), ("GOFLAGS", ""), ("CGO_ENABLED", "0")];
        if (Environment.GetEnvironmentVariable("HOME") is null or "")
            settings.Add(("GOCACHE", Path.Combine(folder, "cache")));
        Run("go", ["build", "-o", program, Path.Combine(ChartFiles.Root, "tests", "Chart.Tests", "render", "main.go")], "", settings);
        return program;
    }

    private static string Run(string program, string[] arguments, string input, List<(string Name, string Value)> settings)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        foreach ((string name, string value) in settings)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        Task<string> trouble = process.StandardError.ReadToEndAsync();
        Task<string> answer = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return process.ExitCode == 0 ? answer.Result : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {trouble.Result}");
    }
}

/// <summary>A test that renders; skipped, with the reason, where that cannot be done.</summary>
internal sealed class RenderedFactAttribute : FactAttribute
{
    public RenderedFactAttribute() => Skip = GoTemplates.Missing;
}

/// <summary>A theory that renders; skipped, with the reason, where that cannot be done.</summary>
internal sealed class RenderedTheoryAttribute : TheoryAttribute
{
    public RenderedTheoryAttribute() => Skip = GoTemplates.Missing;
}
