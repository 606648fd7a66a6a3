using Astraea.Client.Agents;
using Astraea.Client.Agents.Rest;
using Astraea.Client.Transport;
using Astraea.Client.Wire;

namespace Astraea.Client;

public sealed partial class AstraeaClient
{
    private string? _servedModel;

    /// <inheritdoc/>
    public async Task<IAgentRun> SubmitAsync(AgentTask task, string? idempotencyKey = null, CancellationToken cancellation = default)
    {
        string model = task.Model ?? await ServedModelAsync(cancellation);
        Response first = await CreateResponseAsync(AgentWire.First(task, model), idempotencyKey, cancellation);
        return new ResponsesRun(this, task with { Model = model }, RequestOf(first), first.Id);
    }

    /// <inheritdoc/>
    public async Task<IAgentRun> OpenAsync(string responseId, AgentTask task, CancellationToken cancellation = default)
    {
        Response response = await GetResponseAsync(responseId, cancellation);
        return new ResponsesRun(this, task with { Model = response.Model }, RequestOf(response), response.Id);
    }

    /// <summary>Cancels an agent request unless it has ended.</summary>
    /// <returns>True when it is cancelled now; false when it had completed or failed before.</returns>
    /// <exception cref="AstraeaException">There is none of that id, or the node could not be reached in time.</exception>
    public async Task<bool> CancelAgentRequestAsync(string id, CancellationToken cancellation = default)
    {
        try
        {
            await _caller.SendAsync(new Call(HttpMethod.Post, AgentRequestPath(id) + "/cancel"), static answer =>
            {
                answer.Dispose();
                return Task.FromResult(true);
            }, _options.RetryFor, cancellation);
            return true;
        }
        catch (AstraeaException e) when (e.Code == "request_ended")
        {
            return false;
        }
    }

    internal Task<AgentHistory> GetAgentHistoryAsync(string id, CancellationToken cancellation) =>
        GetAsync(AgentRequestPath(id), ClientJson.Default.AgentHistory, null, cancellation);

    private async Task<string> ServedModelAsync(CancellationToken cancellation)
    {
        if (_servedModel is { } known)
            return known;
        ModelList models = await GetModelsAsync(cancellation);
        return _servedModel = models.Data.Length > 0 ? models.Data[0].Id : throw new AstraeaException("The service serves no model.");
    }

    private static string RequestOf(Response response) =>
        response.AgentRequest ?? throw new AstraeaException("The answer names no agent request: this is no gateway of Astraea.");
}
