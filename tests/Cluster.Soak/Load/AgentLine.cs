using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Astraea.Cluster.Soak.Load;

/// <summary>An agent's line to the cluster: tries one gateway after the other until an exchange has come through, and writes down every early end.</summary>
internal sealed class AgentLine(HttpClient http, Gateways gateways, AgentOutcome outcome, Action output, CancellationToken cancellation)
{
    private static readonly string[] s_away = ["server_draining", "unavailable"];
    private DateTimeOffset? _spoke;
    private int _turn = outcome.Script.Number;

    /// <summary>Carries an exchange through.</summary>
    /// <param name="build">The call to send next; asked before every try.</param>
    /// <param name="read">Reads a good answer to its end.</param>
    /// <param name="sentAgain">Told before another try at a call that may have been heard.</param>
    public async Task CarryAsync(Func<Uri, HttpRequestMessage> build, Func<HttpResponseMessage, Task> read, Action sentAgain)
    {
        Uri? failed = null;
        _spoke = null;
        while (true)
        {
            Uri gateway = await gateways.ChooseAsync(_turn++, failed, cancellation);
            bool again = false;
            try
            {
                using HttpRequestMessage request = build(gateway);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", gateways.ApiKey);
                using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
                if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
                {
                    string why = await response.Content.ReadAsStringAsync(cancellation);
                    if (why.Contains(s_away[0], StringComparison.Ordinal))
                        gateways.Leaves(gateway);
                    Note(CutKind.Refused, gateway, $"{(int)response.StatusCode} {why}");
                }
                else
                {
                    if (!response.IsSuccessStatusCode)
                        throw new AgentFaultException($"{request.Method} {request.RequestUri!.PathAndQuery}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellation)}");
                    again = true;
                    CheckRequest(response);
                    await read(response);
                    return;
                }
            }
            catch (SentAwayException e)
            {
                Note(CutKind.ErrorFrame, gateway, e.Message);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException)
            {
                bool refused = !again && e is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
                Note(refused ? CutKind.Refused : again ? CutKind.Broken : CutKind.Unanswered, gateway, $"{e.Message} {e.InnerException?.Message}");
                again = !refused;
            }
            if (again)
                sentAgain();
            failed = gateway;
            await Task.Delay(100, cancellation);
        }
    }

    public static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    /// <summary>Output that was not there before.</summary>
    public void NewOutput()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        for (int i = outcome.Cuts.Count - 1; i >= 0 && outcome.Cuts[i].NewOutputAt is null; i--)
            outcome.Cuts[i].NewOutputAt = now;
        if (_spoke is { } from && now - from > TimeSpan.FromSeconds(1))
            outcome.Stalls.Add((from, now - from));
        _spoke = now;
        output();
    }

    /// <summary>Throws for an error inside a stream.</summary>
    public static void ThrowIfError(JsonNode data)
    {
        if (data["error"] is not JsonObject error)
            return;
        string text = error.ToJsonString();
        if (s_away.Contains((string?)error["code"]))
            throw new SentAwayException(text);
        throw new AgentFaultException($"an error came down the stream: {text}");
    }

    private void Note(CutKind kind, Uri gateway, string what) => outcome.Cuts.Add(new Cut(DateTimeOffset.UtcNow, kind, gateway, what));

    private void CheckRequest(HttpResponseMessage response)
    {
        string request = response.Headers.GetValues("x-astraea-request-id").Single();
        outcome.Request ??= request;
        if (outcome.Request != request)
            throw new AgentFaultException($"went on as another agent request: {request} instead of {outcome.Request}");
    }
}
