using System.Net.Sockets;
using Forge.Domain.Operations;
using Microsoft.AspNetCore.Connections;
using Microsoft.Data.Sqlite;
using Npgsql;
using Orleans.Runtime;

namespace Forge.Silo;

/// <summary>Why a start failed, in one line for the operator: what is wrong and what to do. Anything that is not here is a fault of the product and shows its stack.</summary>
internal static class StartFailure
{
    /// <summary>How the process ends then.</summary>
    public const int ExitCode = 3;

    private const int SqliteFull = 13;
    private const int SqliteCannotOpen = 14;
    private const int SqliteReadOnly = 8;
    private const string Stores = "Forge:Storage:PostgresConnection and Forge:Identity:PostgresConnection";

    /// <summary>The line, or null.</summary>
    public static string? Explain(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
            if (Line(cause) is { } line) return line;
        return null;
    }

    private static string? Line(Exception cause) => cause switch
    {
        SchemaException schema => schema.Message,
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } refused => $"PostgreSQL refuses the account: {refused.MessageText}. Look at {Stores}.",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } missing => $"PostgreSQL has no such database: {missing.MessageText}. Make it (CREATE DATABASE), or name the right one in {Stores}.",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused => $"The database account may not do what it must: {refused.MessageText}. Run deploy/postgres/accounts.sql as the database's superuser.",
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } full => $"PostgreSQL's disk is full: {full.MessageText}. Make room, then start again.",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } many => $"PostgreSQL has no connection left: {many.MessageText}. Raise max_connections, or lower Maximum Pool Size of the connection strings.",
        NpgsqlException { InnerException: SocketException or TimeoutException } gone => $"PostgreSQL does not answer: {gone.InnerException!.Message}. Start it, or look at host and port in {Stores}.",
        ArgumentException { Source: "Npgsql" or "System.Data.Common" } unreadable => $"The connection string cannot be read: {unreadable.Message.Split('\n')[0]}. It looks like Host=…;Database=…;Username=…;Password=….",
        SqliteException { SqliteErrorCode: SqliteFull } => "The disk of the data folder is full. Make room, then start again: nothing was lost.",
        SqliteException { SqliteErrorCode: SqliteCannotOpen or SqliteReadOnly } closed => $"The database file cannot be used: {closed.Message}. Look who owns the data folder and whether it can be written.",
        AddressInUseException taken => $"A port is taken: {taken.Message}. End the process that has it, or choose another with --urls, Forge:Ingest:GrpcPort, Forge:Cluster:SiloPort or Forge:Cluster:GatewayPort.",
        OrleansException { Message: var message } when message.Contains("connectivity", StringComparison.OrdinalIgnoreCase) => "Silos of the membership table cannot be reached from here. Let this machine reach their silo ports; if they belong to another installation, give each installation a database of its own.",
        IOException { HResult: 28 or unchecked((int)0x80070070) } => "The disk of the data folder is full. Make room, then start again: nothing was lost.",
        _ => null,
    };
}
