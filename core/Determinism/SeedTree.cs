namespace Astraea.Core.Determinism;

/// <summary>A tree of named seeds. Each subsystem draws from its own child, so one more draw in one place moves nothing elsewhere.</summary>
/// <param name="Seed">The seed of this node.</param>
public readonly record struct SeedTree(ulong Seed)
{
    /// <summary>The child of that name. The same path gives the same seed, in whatever order children are asked for.</summary>
    public SeedTree Child(string name) => new(StableHash.Join(Seed, StableHash.Of(name)));

    /// <summary>The numbered child of that name.</summary>
    public SeedTree Child(string name, long index) => new(StableHash.Join(Child(name).Seed, StableHash.Of(index)));

    /// <summary>A fresh generator at the start of this node's stream.</summary>
    public SeededGenerator Generator() => new(Seed);
}
