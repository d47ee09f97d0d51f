namespace Forge.Domain.Operations;

/// <summary>A database is not of this program's schema, and this program may not or must not change that. The message is for the operator.</summary>
public sealed class SchemaException(string message) : Exception(message)
{
    /// <summary>The database is older and this account may not migrate it.</summary>
    /// <param name="store">Which store, as the beginning of a sentence.</param>
    /// <param name="lacking">Migrations that it lacks.</param>
    public static SchemaException Older(string store, IEnumerable<string> lacking) =>
        new($"{store} lacks the migrations {string.Join(", ", lacking)}, and this account may not make them: run --migrate with the migrator's account, then deploy/postgres/accounts.sql.");

    /// <summary>The database was migrated by a newer build.</summary>
    /// <param name="store">Which store, as the beginning of a sentence.</param>
    /// <param name="unknown">Migrations that this build does not know.</param>
    public static SchemaException Newer(string store, IEnumerable<string> unknown) =>
        new($"{store} was migrated by a newer build ({string.Join(", ", unknown)}). Start that build or a newer one; this one could read it wrongly.");
}
