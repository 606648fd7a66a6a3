using Astraea.Core;
using Astraea.Core.KvCache;

namespace Astraea.Worker.Engine;

/// <summary>The KV rule of a policy, with this worker's settings.</summary>
internal sealed class KvPolicyOfKind(KvPolicyKind kind, KvPressureSettings settings) : IKvPolicy
{
    public string Name => kind.ToString();

    public bool PrefixCache => true;

    public bool HostTier => true;

    public bool WritesBack => kind != KvPolicyKind.PressurePaper;

    public KvRelease AfterSwap => kind == KvPolicyKind.PressurePaper ? KvRelease.Free : KvRelease.Recent;

    public double WatchedPressure => settings.LowWatermark;

    public KvChoice Decide(in KvSituation situation, in KvWait wait, Instant now) => PressurePolicy.Decide(kind, situation, settings, wait.Since, now);
}
