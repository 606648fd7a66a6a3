namespace Astraea.Worker.Models.Weights;

/// <summary>A model folder that cannot be loaded; the message names the file and the place in it.</summary>
public sealed class ModelFormatException : Exception
{
    /// <summary>Says what is wrong and where.</summary>
    public ModelFormatException(string message) : base(message) { }

    /// <summary>Says what is wrong and where, and why.</summary>
    public ModelFormatException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public ModelFormatException() { }
}
