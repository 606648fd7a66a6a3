using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Gateway.Tests;

/// <summary>The wire, byte for byte. A change here is a change clients can see: look at it before the golden file is renewed.</summary>
/// <remarks>Ids and times come from the history, so equal keys and scripts give equal bytes. ASTRAEA_RENEW_GOLDENS=1 writes the files anew.</remarks>
public sealed class GoldenTests : IAsyncLifetime
{
    private GatewayHost _host = null!;

    public async Task InitializeAsync()
    {
        _host = await GatewayHost.StartAsync();
        _host.Agents.Script = _ => ScriptedSegment.CallTools("Früh \"los\".\n", ("look", """{"at":"<x>"}"""), ("ask", "{}")) with { FedTokens = 3 };
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("chat-stream", "/v1/chat/completions", ""","stream":true,"stream_options":{"include_usage":true}""")]
    [InlineData("chat-whole", "/v1/chat/completions", "")]
    [InlineData("responses-stream", "/v1/responses", ""","stream":true""")]
    [InlineData("responses-whole", "/v1/responses", ""","metadata":{"b":"2","a":"1"},"seed":5""")]
    public async Task The_wire_is_as_recorded(string name, string path, string more)
    {
        string body = path.EndsWith("responses", StringComparison.Ordinal)
            ? $$$"""{"model":"letters","input":"Hi","tools":[{"type":"function","name":"look"},{"type":"function","name":"ask"}]{{{more}}}}"""
            : $$$"""{"model":"letters","messages":[{"role":"user","content":"Hi"}],"tools":[{"type":"function","function":{"name":"look"}},{"type":"function","function":{"name":"ask"}}]{{{more}}}}""";
        using HttpResponseMessage answer = await _host.Client.SendAsync(GatewayHost.Post(path, body, name));

        string wire = await answer.Content.ReadAsStringAsync();

        string file = GoldenFile(name);
        if (Environment.GetEnvironmentVariable("ASTRAEA_RENEW_GOLDENS") == "1")
            await File.WriteAllTextAsync(file, wire);
        Assert.Equal(await File.ReadAllTextAsync(file), wire);
    }

    private static string GoldenFile(string name)
    {
        DirectoryInfo root = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Astraea.sln")))
            root = root.Parent ?? throw new DirectoryNotFoundException("The tests run outside the repository.");
        return Path.Combine(root.FullName, "tests", "Gateway.Tests", "Goldens", name + ".txt");
    }
}
