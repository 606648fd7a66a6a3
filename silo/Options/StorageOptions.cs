using Microsoft.Extensions.Options;
using Npgsql;

namespace Astraea.Silo.Options;

/// <summary>Where histories are kept.</summary>
public sealed class StorageOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:Storage";

    /// <summary>
    /// Connection string of the cluster's PostgreSQL database, Npgsql's form: <c>Host=…;Port=5432;Username=…;Password=…;Database=…</c>.
    /// It must reach the server itself, not a transaction pooler. Empty: histories in an SQLite file under the data directory.
    /// </summary>
    public string Postgres { get; init; } = "";
}

/// <summary>Says which setting does not work, never its value: it holds a password.</summary>
internal sealed class StorageOptionsCheck : IValidateOptions<StorageOptions>
{
    public ValidateOptionsResult Validate(string? name, StorageOptions options)
    {
        if (options.Postgres.Length == 0)
            return ValidateOptionsResult.Success;
        try
        {
            return string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(options.Postgres).Host)
                ? ValidateOptionsResult.Fail($"{StorageOptions.Section}:Postgres names no Host.")
                : ValidateOptionsResult.Success;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            return ValidateOptionsResult.Fail(
                $"{StorageOptions.Section}:Postgres is no connection string of the form Host=…;Port=…;Username=…;Password=…;Database=…");
        }
    }
}
