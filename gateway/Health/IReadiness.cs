namespace Astraea.Gateway.Health;

/// <summary>A part of the process that must work before the process can serve; <c>/readyz</c> asks every one that is registered.</summary>
public interface IReadiness
{
    /// <summary>What the part is called in the answer of the probe.</summary>
    string Name { get; }

    /// <summary>Asks the part. A call that throws, or takes longer than the probe's patience of two seconds, counts as an answer that it is not ready.</summary>
    /// <returns>What is missing, in a few words; null when it would serve now.</returns>
    Task<string?> WhatIsMissingAsync(CancellationToken cancellation);
}
