using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>A demo person as the file shows it.</summary>
/// <param name="Role">Role held.</param>
/// <param name="Email">Sign-in name.</param>
/// <param name="Password">Random password of this installation.</param>
/// <param name="TotpSecret">Base32 seed for an authenticator app.</param>
public sealed record DemoUser(string Role, string Email, string Password, string TotpSecret);

/// <summary>One person per role for demonstrations. They sign in like everybody else: with the random password and the authenticator seed in the file.</summary>
public static class DemoUsers
{
    /// <summary>Name of the file in the data directory (0600).</summary>
    public const string FileName = "demo-users.json";

    // Crockford's letters cannot spell what the password rules refuse.
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>Makes the persons whose passwords are not in the file yet, writes the file, and grants each its role.</summary>
    public static async Task<IReadOnlyList<DemoUser>> EnsureAsync(IServiceProvider services, string dataDirectory, CancellationToken cancellation = default)
    {
        var path = Path.Combine(dataDirectory, FileName);
        var known = File.Exists(path) ? JsonSerializer.Deserialize<List<DemoUser>>(await File.ReadAllTextAsync(path, cancellation), Json) ?? [] : [];
        await using var scope = services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<ForgeUser>>();
        var everybody = scope.ServiceProvider.GetRequiredService<People>();
        var grains = scope.ServiceProvider.GetRequiredService<IGrainFactory>();
        var actors = scope.ServiceProvider.GetRequiredService<NodeActors>();
        var people = new List<DemoUser>();
        foreach (var role in Roles.All)
        {
            var email = role.ToLowerInvariant() + "@demo.example";
            var person = known.Find(p => p.Role == role && p.Email == email);
            var user = await users.FindByEmailAsync(email);
            if (person is not { TotpSecret: not null } || user is null)
            {
                person = new DemoUser(role, email, RandomNumberGenerator.GetString(Alphabet, 30), TotpCodes.NewSeed());
                var made = new Enrolment("demo", user?.Id ?? Guid.CreateVersion7().ToString("N"), email, "Demo " + role, users.PasswordHasher.HashPassword(new ForgeUser(), person.Password), person.TotpSecret, null);
                (user, _) = await everybody.ReplaceFactorsAsync(new ProvedEnrolment(made, 0, null), cancellation);
            }
            people.Add(person);
            actors.ActAs("demo");
            await GrantAsync(grains, user.Id, role);
        }
        await PrivateFile.WriteAsync(path, JsonSerializer.Serialize(people, Json), cancellation);
        return people;
    }

    private static async Task GrantAsync(IGrainFactory grains, string userId, string role)
    {
        var key = "demo-" + role + "-" + userId;
        var context = new CommandContext(key[..Math.Min(64, key.Length)], Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key))), "system:demo", Guid.CreateVersion7().ToString("N"), null);
        var granted = await grains.GetGrain<IPrincipalGrain>(userId).Grant(role, "demo person", context);
        if (granted.Refusal is { } refusal) throw new InvalidOperationException($"The demo role {role} was refused: {refusal.Code}.");
    }
}
