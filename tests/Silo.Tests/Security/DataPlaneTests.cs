using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Text;
using Astraea.Core.Lifecycle;
using Astraea.Silo.Composition;
using Astraea.Silo.Options;
using Astraea.Silo.Security;
using Astraea.Worker.Transfer;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Astraea.Silo.Tests.Security;

/// <summary>Who gets through to a worker's KV, and who does not. Whatever is refused reaches no worker.</summary>
public sealed class DataPlaneTests : IAsyncLifetime
{
    private readonly string _pem = ClusterAuthority.Create(DateTimeOffset.UtcNow.AddDays(-100));
    private readonly ConcurrentQueue<string> _taken = new();
    private readonly LinesOfLog _log = new();
    private DataPlane _plane = null!;

    public async Task InitializeAsync() => _plane = await StartAsync(Node(_pem));

    public async Task DisposeAsync() => await _plane.DisposeAsync();

    [Fact]
    public async Task A_member_gets_through_on_http_2()
    {
        using HttpClient member = Client(Node(_pem).Calling(Unexpected));
        using HttpResponseMessage answer = await PostAsync(member, _plane.Address, "w0");
        Assert.Equal((HttpStatusCode.OK, HttpVersion.Version20), (answer.StatusCode, answer.Version));
        Assert.Equal(["ticket 5"], _taken);
        using HttpResponseMessage unknown = await PostAsync(member, _plane.Address, "w9");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Empty(_log.Refusals);
    }

    [Fact]
    public async Task A_caller_without_a_certificate_is_turned_away()
    {
        await AssertTurnedAwayAsync(Trusting());
        Assert.Contains("it shows no certificate", Assert.Single(_log.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_of_another_authority_is_turned_away()
    {
        NodeTls stranger = Node(ClusterAuthority.Create(DateTimeOffset.UtcNow));
        await AssertTurnedAwayAsync(Trusting(stranger.Certificate));
        Assert.Contains("not a good one of this cluster's authority", Assert.Single(_log.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_whose_certificate_has_expired_is_turned_away()
    {
        NodeTls late = Node(_pem, DateTimeOffset.UtcNow.AddDays(-50));
        await AssertTurnedAwayAsync(Trusting(late.Certificate));
        Assert.Contains("NotTimeValid", Assert.Single(_log.Refusals), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_caller_with_a_certificate_for_listening_only_is_turned_away()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        ClusterAuthority authority = ClusterAuthority.Parse(_pem, "test", now);
        await AssertTurnedAwayAsync(Trusting(authority.Issue("n", now.AddHours(-1), now.AddDays(1), [PeerTrust.ServerUse])));
        Assert.Single(_log.Refusals);
    }

    [Fact]
    public async Task Plain_http_gets_no_answer_of_a_worker()
    {
        using HttpClient plain = Client(new SocketsHttpHandler());
        foreach (Version version in (Version[])[HttpVersion.Version11, HttpVersion.Version20])
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(plain, _plane.Address.Replace("https:", "http:", StringComparison.Ordinal), "w0", version));
        Assert.Empty(_taken);
    }

    [Fact]
    public async Task Http_1_is_not_spoken_even_to_members()
    {
        using HttpClient member = Client(Node(_pem).Calling(Unexpected));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(member, _plane.Address, "w0", HttpVersion.Version11));
        Assert.Empty(_taken);
    }

    [Fact]
    public async Task A_member_sends_nothing_to_a_target_of_another_authority_or_with_an_expired_certificate()
    {
        NodeTls[] wrong = [Node(ClusterAuthority.Create(DateTimeOffset.UtcNow)), Node(_pem, DateTimeOffset.UtcNow.AddDays(-50))];
        foreach (NodeTls listening in wrong)
        {
            await using DataPlane plane = await StartAsync(listening);
            List<string> refusals = [];
            using HttpClient member = Client(Node(_pem).Calling(refusals.Add));
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(member, plane.Address, "w0"));
            Assert.Contains("this cluster's authority", Assert.Single(refusals), StringComparison.Ordinal);
        }
        Assert.Empty(_taken);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        int port = new Uri(_plane.Address).Port;
        IOException e = await Assert.ThrowsAsync<IOException>(() => StartAsync(Node(_pem), $"127.0.0.1:{port}"));
        Assert.Contains($"{port}", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", "127.0.0.1:0", "https://127.0.0.1:7")]
    [InlineData("10.0.0.5:9443", "", "10.0.0.5:9443", "https://10.0.0.5:7")]
    [InlineData("https://localhost:9443/", "", "127.0.0.1:9443", "https://127.0.0.1:7")]
    [InlineData("https://0.0.0.0:9443", "10.1.2.3", "0.0.0.0:9443", "https://10.1.2.3:7")]
    [InlineData("[::]:9443", "fd00::1:2", "[::]:9443", "https://[fd00::1:2]:7")]
    [InlineData("[::]:9443", "[fd00::1]:444", "[::]:9443", "https://[fd00::1]:444")]
    [InlineData("0.0.0.0:9443", "https://worker-0.workers:444", "0.0.0.0:9443", "https://worker-0.workers:444")]
    [InlineData("0.0.0.0:9443", "worker-0:0", "0.0.0.0:9443", "https://worker-0:7")]
    public void Addresses_are_read(string listen, string advertise, string bind, string others)
    {
        Assert.True(DataPlaneAddress.TryRead(new DataPlaneOptions { Listen = listen, Advertise = advertise }, out DataPlaneAddress? address, out _));
        Assert.Equal((bind, others), (address.Bind.ToString(), address.For(7)));
    }

    [Theory]
    [InlineData("http://127.0.0.1:9443", "", "Listen"), InlineData("127.0.0.1", "", "Listen"), InlineData("127.0.0.1:70000", "", "Listen")]
    [InlineData("worker-0:9443", "", "Listen"), InlineData(":9443", "", "Listen"), InlineData("nonsense", "", "Listen"), InlineData("::", "", "Listen")]
    [InlineData("0.0.0.0:9443", "", "Advertise must be set"), InlineData("[::]:9443", "", "Advertise must be set")]
    [InlineData("0.0.0.0:9443", "0.0.0.0", "Advertise"), InlineData("0.0.0.0:9443", "http://worker-0", "Advertise"), InlineData("0.0.0.0:9443", "a b", "Advertise")]
    public void Addresses_that_cannot_work_are_refused(string listen, string advertise, string said)
    {
        Assert.False(DataPlaneAddress.TryRead(new DataPlaneOptions { Listen = listen, Advertise = advertise }, out _, out string? problem));
        Assert.Contains($"Astraea:DataPlane:{said}", problem, StringComparison.Ordinal);
    }

    private async Task AssertTurnedAwayAsync(SocketsHttpHandler handler)
    {
        using HttpClient caller = Client(handler);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => PostAsync(caller, _plane.Address, "w0"));
        Assert.Empty(_taken);
    }

    private Task<DataPlane> StartAsync(NodeTls tls, string listen = "")
    {
        Assert.True(DataPlaneAddress.TryRead(new DataPlaneOptions { Listen = listen }, out DataPlaneAddress? address, out _));
        return DataPlane.StartAsync(address, tls, worker => worker == new WorkerId("w0") ? new Taker(_taken) : null, _log, CancellationToken.None);
    }

    private static NodeTls Node(string pem, DateTimeOffset? clock = null)
    {
        DateTimeOffset now = clock ?? DateTimeOffset.UtcNow;
        return new NodeTls(ClusterAuthority.Parse(pem, "test", now), "node", new FakeTimeProvider(now));
    }

    /// <summary>A caller that would talk to anybody.</summary>
    private static SocketsHttpHandler Trusting(System.Security.Cryptography.X509Certificates.X509Certificate2? certificate = null) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = certificate is null ? null : [certificate],
            RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null,
        },
    };

    private static HttpClient Client(HttpMessageHandler handler) => new(handler, disposeHandler: true);

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, string address, string worker, Version? version = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, $"{address}/kv/{worker}")
        {
            Version = version ?? HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Encoding.ASCII.GetBytes("bytes")),
        };
        request.Headers.Add("x-astraea-kv-ticket", "ticket");
        return await client.SendAsync(request);
    }

    private static void Unexpected(string refusal) => Assert.Fail(refusal);

    private sealed class Taker(ConcurrentQueue<string> taken) : IKvTarget
    {
        public async Task<KvReceived> ReceiveKvAsync(string ticket, Stream body, CancellationToken cancellation)
        {
            using MemoryStream bytes = new();
            await body.CopyToAsync(bytes, cancellation);
            taken.Enqueue($"{ticket} {bytes.Length}");
            return new KvReceived(200, "taken");
        }
    }

    private sealed class LinesOfLog : ILogger
    {
        private readonly ConcurrentQueue<string> _refusals = new();

        public IEnumerable<string> Refusals => _refusals;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
                _refusals.Enqueue(formatter(state, exception));
        }
    }
}
