using Forge.Domain;
using Forge.Domain.Organizations;
using Forge.WebApi.Organizations;

namespace Forge.WebApi.Tests.Organizations;

public sealed class OrganizationListTests
{
    private static readonly OrganizationQuery Everything = new(null, null, null, null, "name", false, 0, 50);

    private static readonly Dictionary<string, Health> Levels = new(StringComparer.Ordinal) { ["a"] = Health.Critical, ["b"] = Health.Good, ["c"] = Health.NoSla, ["d"] = Health.Stale };

    [Fact]
    public void Filter_ByLevelsOfTheBoard_NamesThoseThatHaveThem()
    {
        Assert.Equal(["a", "d"], OrganizationHealth.Filter(Everything, [Health.Critical, Health.Stale], Levels).Among!.Value.Order(StringComparer.Ordinal));
        Assert.Equal([], OrganizationHealth.Filter(Everything, [Health.Warning], Levels).Among!.Value);
        Assert.Same(Everything, OrganizationHealth.Filter(Everything, [], Levels));
    }

    [Fact]
    public void Filter_ByNoPromise_LeavesTheOthersOutSoThatUnknownOnesStay()
    {
        var query = OrganizationHealth.Filter(Everything, [Health.NoSla, Health.Good], Levels);
        Assert.Null(query.Among);
        Assert.Equal(["a", "d"], query.Except!.Value.Order(StringComparer.Ordinal));
    }
}
