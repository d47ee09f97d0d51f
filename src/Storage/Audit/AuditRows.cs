using Forge.Domain.Audit;

namespace Forge.Storage.Audit;

internal sealed class PrincipalRow : AggregateRow
{
    public bool Enabled { get; set; }

    public bool IsPlatformAdmin { get; set; }

    public bool IsSeniorAdmin { get; set; }

    public long Epoch { get; set; }

    public static PrincipalRow From(Principal state) => new()
    {
        Id = state.UserId,
        Enabled = state.Enabled,
        IsPlatformAdmin = state.Roles.Contains(Roles.PlatformAdmin),
        IsSeniorAdmin = state.Roles.Contains(Roles.SeniorAdmin),
        Epoch = state.Epoch,
    };
}
