using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Astraea.Silo.Security;

namespace Astraea.Silo.Tests.EndToEnd;

/// <summary>Real processes that are told of one secret and one authority, and what their data planes take.</summary>
public sealed class ClusterTrustTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-silo-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Silos_that_start_at_once_agree_on_one_authority_and_listen_to_its_members_only()
    {
        string shared = _folder.CreateSubdirectory("shared").FullName, authority = Path.Combine(shared, "ca.pem");
        int[] ports = FreePorts(3);
        Task<SiloProcess>[] starts = [.. ports.Select(port => SiloProcess.StartAsync(
            Path.Combine(_folder.FullName, $"{port}"), $"Astraea:Cluster:SecretFile={Path.Combine(shared, "secret")}", $"Astraea:Cluster:CaFile={authority}",
            $"Astraea:DataPlane:Listen=https://127.0.0.1:{port}"))];
        SiloProcess[] silos = await Task.WhenAll(starts);
        try
        {
            Assert.Equal(["ca.pem", "secret"], Directory.GetFiles(shared).Select(Path.GetFileName).Order(StringComparer.Ordinal));
            using HttpClient member = Client(authority), stranger = Client(Path.Combine(shared, "other.pem")), nobody = new(TrustsAnybody(), disposeHandler: true);
            foreach (int port in ports)
            {
                Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(member, "https", port, "w7")).Status);
                (HttpStatusCode status, string said) = await PostAsync(member, "https", port, "w0");
                Assert.Equal((HttpStatusCode.Unauthorized, "The ticket is not ours or has expired."), (status, said));
                await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(stranger, "https", port, "w0"));
                await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(nobody, "https", port, "w0"));
                await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(nobody, "http", port, "w0"));
            }
        }
        finally
        {
            foreach (SiloProcess silo in silos)
                await silo.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("Astraea:DataPlane:Listen=0.0.0.0:9443", "Astraea:DataPlane:Advertise must be set")]
    [InlineData("Astraea:DataPlane:Listen=http://127.0.0.1:9443", "Astraea:DataPlane:Listen is 'http://127.0.0.1:9443'")]
    [InlineData("Astraea:Cluster:CaFile=no/such/folder/ca.pem", "Astraea:Cluster:CaFile")]
    public async Task A_silo_that_cannot_be_a_member_says_why_in_one_line(string setting, string named)
    {
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => SiloProcess.StartAsync(_folder.FullName, setting));
        Assert.StartsWith("The silo ended with 2 ", e.Message, StringComparison.Ordinal);
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", e.Message, StringComparison.Ordinal);
    }

    private static SocketsHttpHandler TrustsAnybody() =>
        new() { SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null } };

    private static HttpClient Client(string authority) =>
        new(new NodeTls(ClusterAuthority.ReadOrCreate(authority, DateTimeOffset.UtcNow), "test", TimeProvider.System).Calling(_ => { }), disposeHandler: true);

    private static async Task<(HttpStatusCode Status, string Said)> PostAsync(HttpClient client, string scheme, int port, string worker)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"{scheme}://127.0.0.1:{port}/kv/{worker}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([1, 2, 3]),
        };
        request.Headers.Add("x-astraea-kv-ticket", "forged");
        using HttpResponseMessage answer = await client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static int[] FreePorts(int count)
    {
        TcpListener[] listeners = [.. Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in listeners)
            listener.Start();
        int[] ports = [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        foreach (TcpListener listener in listeners)
            listener.Dispose();
        return ports;
    }
}
