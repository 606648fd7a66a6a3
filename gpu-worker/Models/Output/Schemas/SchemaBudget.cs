namespace Astraea.Worker.Models.Output.Schemas;

/// <summary>A schema that cannot be followed; the message names the place.</summary>
/// <param name="place">Where in the body.</param>
/// <param name="why">What is wrong.</param>
internal sealed class SchemaException(string place, string why) : Exception($"{place}: {why}.");

/// <summary>What compiling a schema may cost. Counted in steps, not in time, so that a schema that compiles once always does.</summary>
internal sealed class SchemaBudget(long stepsMax = SchemaBudget.StepsUsual)
{
    /// <summary>Steps for all schemas of one request.</summary>
    public const long StepsUsual = 1_500_000;

    private long _steps;

    /// <summary>Counts steps.</summary>
    /// <exception cref="SchemaException">There are none left.</exception>
    public void Charge(long steps, string place)
    {
        _steps += steps;
        if (_steps > stepsMax)
            throw new SchemaException(place, $"the schema takes more than {stepsMax} steps to compile");
    }
}
