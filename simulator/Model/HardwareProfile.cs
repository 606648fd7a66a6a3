namespace Astraea.Simulator.Model;

/// <summary>A kind of worker: how much KV it holds and what its steps and copies cost.</summary>
/// <param name="Name">Name in scenarios and tables, such as <c>h100-8b</c>.</param>
/// <param name="KvBytesPerToken">KV of one token (bytes).</param>
/// <param name="BlockTokens">Tokens in a KV block (tokens).</param>
/// <param name="DeviceBlocks">Blocks of the device pool (blocks).</param>
/// <param name="HostBlocks">Blocks of the host tier (blocks).</param>
/// <param name="ContextTokensMax">Longest context (tokens); sessions beyond it are left out and counted.</param>
/// <param name="Slots">Sequences in a batch at most (sequences).</param>
/// <param name="StepTokens">Rows of a step at most (tokens).</param>
/// <param name="Step">What a step costs.</param>
/// <param name="CopyTokensPerSecond">Between device and host tier, each way (tokens/s).</param>
/// <param name="LinkTokensPerSecond">From one worker to another (tokens/s).</param>
public sealed record HardwareProfile(
    string Name, int KvBytesPerToken, int BlockTokens, int DeviceBlocks, int HostBlocks, int ContextTokensMax, int Slots, int StepTokens,
    StepCost Step, double CopyTokensPerSecond, double LinkTokensPerSecond);

/// <summary>Seconds of one engine step: fixed + rows + attention, the last linear in the context that rows look back on.</summary>
/// <param name="FixedSeconds">A step with no rows would cost this: weights are read once whatever the batch (s).</param>
/// <param name="SecondsPerPrefillToken">For each input row (s).</param>
/// <param name="SecondsPerDecodeToken">For each decode row, beyond the fixed part (s).</param>
/// <param name="SecondsPerPrefillContextToken">For each pair of an input row and a token it looks back on (s).</param>
/// <param name="SecondsPerDecodeContextToken">For each token that a decode row looks back on: its KV is read once (s).</param>
public readonly record struct StepCost(
    double FixedSeconds, double SecondsPerPrefillToken, double SecondsPerDecodeToken, double SecondsPerPrefillContextToken,
    double SecondsPerDecodeContextToken);
