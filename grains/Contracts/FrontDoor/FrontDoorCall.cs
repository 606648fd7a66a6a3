using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Contracts.FrontDoor;

/// <summary>Something asked at a front door.</summary>
/// <param name="ApiKey">Who asks.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "c")]
[JsonDerivedType(typeof(Submit), "submit")]
[JsonDerivedType(typeof(PostToolResults), "results")]
[JsonDerivedType(typeof(Read), "read")]
[JsonDerivedType(typeof(Cancel), "cancel")]
[JsonDerivedType(typeof(ReadHistory), "history")]
public abstract record FrontDoorCall(ApiKey ApiKey)
{
    /// <summary>Begins a run.</summary>
    /// <param name="ApiKey">Who asks.</param>
    /// <param name="IdempotencyKey">Names the run: the same key with the same call finds the run that is there. 1 to 255 ASCII characters.</param>
    /// <param name="Messages">The conversation so far, or what is new behind <paramref name="PreviousResponseId"/>.</param>
    /// <param name="PreviousResponseId">An exchange of an earlier run that this one goes on from, or null.</param>
    /// <param name="Settings">How it shall run.</param>
    public sealed record Submit(
        ApiKey ApiKey, string IdempotencyKey, ImmutableArray<FrontDoorMessage> Messages, string? PreviousResponseId, FrontDoorSettings Settings)
        : FrontDoorCall(ApiKey);

    /// <summary>Brings tool results.</summary>
    /// <param name="ApiKey">Who asks.</param>
    /// <param name="ResponseId">The exchange whose calls are answered.</param>
    /// <param name="Results">One for each of its calls. They name the exchange that they begin: the same ones again find it.</param>
    /// <param name="Settings">How the next exchange shall run.</param>
    public sealed record PostToolResults(
        ApiKey ApiKey, string ResponseId, ImmutableArray<FrontDoorToolResult> Results, FrontDoorSettings Settings) : FrontDoorCall(ApiKey);

    /// <summary>Reads an exchange.</summary>
    /// <param name="ApiKey">Who asks.</param>
    /// <param name="ResponseId">The exchange.</param>
    /// <param name="After">Position of the last update the reader has; −1 reads from the start.</param>
    /// <param name="Max">Updates at most, from 1.</param>
    /// <param name="Wait">How long to wait for the first new one; a front door may wait less.</param>
    public sealed record Read(ApiKey ApiKey, string ResponseId, long After, int Max, TimeSpan Wait) : FrontDoorCall(ApiKey);

    /// <summary>Ends a run.</summary>
    /// <param name="ApiKey">Who asks.</param>
    /// <param name="Request">The run.</param>
    public sealed record Cancel(ApiKey ApiKey, RequestId Request) : FrontDoorCall(ApiKey);

    /// <summary>Reads a history.</summary>
    /// <param name="ApiKey">Who asks.</param>
    /// <param name="Request">The run.</param>
    /// <param name="After">Version of the last event the reader has; 0 reads from the start.</param>
    public sealed record ReadHistory(ApiKey ApiKey, RequestId Request, long After) : FrontDoorCall(ApiKey);
}

/// <summary>A tenant's secret. It travels as it is, and is never printed.</summary>
[JsonConverter(typeof(NameJson<ApiKey>))]
public readonly record struct ApiKey(string Value) : IName<ApiKey>
{
    /// <inheritdoc/>
    public static ApiKey FromName(string name) => new(name);

    /// <summary>Not the secret: records that hold one end up in logs.</summary>
    public override string ToString() => "***";
}

/// <summary>One message of a conversation.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Text">What is said.</param>
/// <param name="Calls">Calls the model made; assistant only.</param>
/// <param name="CallId">The call this is the result of; tool only.</param>
public sealed record FrontDoorMessage(ChatRole Role, string Text, ImmutableArray<ToolCall> Calls, string? CallId);

/// <summary>What a tool returned.</summary>
/// <param name="CallId">The call answered.</param>
/// <param name="Output">The result as text.</param>
public sealed record FrontDoorToolResult(string CallId, string Output);

/// <summary>How an exchange shall run. What is null is the service's to choose, as over HTTP.</summary>
/// <param name="Model">Name of the model; null takes the one that is served.</param>
/// <param name="Instructions">Words that stand before the conversation.</param>
/// <param name="Tools">Functions the model may call.</param>
/// <param name="ToolMode">Whether they are called.</param>
/// <param name="ToolName">The one to call, when it is named.</param>
/// <param name="MaxOutputTokens">Sampled tokens at most (tokens).</param>
/// <param name="Temperature">0 is greedy, at most 2.</param>
/// <param name="TopP">Nucleus mass in (0, 1].</param>
/// <param name="Seed">Same seed, same text.</param>
/// <param name="Stop">Texts that end the output.</param>
/// <param name="Category">Class for predictors.</param>
public sealed record FrontDoorSettings(
    string? Model, string? Instructions, ImmutableArray<FrontDoorTool> Tools, ToolMode? ToolMode, string? ToolName,
    int? MaxOutputTokens, double? Temperature, double? TopP, long? Seed,
    ImmutableArray<string> Stop, string? Category);

/// <summary>A function the model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">JSON schema of its arguments.</param>
public sealed record FrontDoorTool(string Name, string? Description, JsonElement? Parameters);
