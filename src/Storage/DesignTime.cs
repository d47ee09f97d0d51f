using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace Forge.Storage;

/// <summary>For <c>dotnet ef migrations add X --context SqliteForgeDbContext --output-dir Migrations/Sqlite</c>; never connects.</summary>
internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteForgeDbContext>
{
    public SqliteForgeDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteForgeDbContext>().UseSqlite("Data Source=design.db").Options);
}

/// <summary>For <c>dotnet ef migrations add X --context PostgresForgeDbContext --output-dir Migrations/Postgres</c>; never connects.</summary>
internal sealed class PostgresDesignTimeFactory : IDesignTimeDbContextFactory<PostgresForgeDbContext>
{
    public PostgresForgeDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<PostgresForgeDbContext>().UseNpgsql("Host=localhost;Database=design").Options);
}
