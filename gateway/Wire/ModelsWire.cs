namespace Astraea.Gateway.Wire;

/// <summary>The models that are served.</summary>
internal sealed record ModelList(string Object, IReadOnlyList<ModelObject> Data);

/// <summary>A model; <see cref="MaxModelLen"/> is its context (tokens), under the name clients of other servers know.</summary>
internal sealed record ModelObject(string Id, string Object, long Created, string OwnedBy, int MaxModelLen);
