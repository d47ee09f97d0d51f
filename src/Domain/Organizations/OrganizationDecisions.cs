using System.Collections.Immutable;
using System.Text;

namespace Forge.Domain.Organizations;

/// <summary>Rules of organizations. Source: organizations-contracts.md 2.</summary>
public static class OrganizationDecisions
{
    /// <summary>Decides a creation. Uniqueness of slug and external id is the store's word.</summary>
    public static Decision<OrganizationEvent> Create(Organization? state, CreateOrganization command, string id, DateTimeOffset now)
    {
        if (state is not null) return Decision<OrganizationEvent>.Refuse(Refusal.Conflict("organization_exists", "This organization exists already."));
        var name = command.Name?.Trim() ?? "";
        var slug = string.IsNullOrWhiteSpace(command.Slug) ? Slugify(name) : command.Slug.Trim();
        var errors = Validate(name, slug, command.ExternalId, command.UserCount);
        if (errors.Length > 0) return Decision<OrganizationEvent>.Refuse(Refusal.Validation(errors));
        return Decision<OrganizationEvent>.Accept(new OrganizationEvent.Created(new Organization(
            id, name, slug, Blank(command.ExternalId), command.Region, command.Plan, command.IsEnterpriseCustomer, command.UserCount, OrganizationStatus.ACTIVE, now)));
    }

    /// <summary>Decides a change of fields. <paramref name="hasActiveContract"/> guards the enterprise flag.</summary>
    public static Decision<OrganizationEvent> Edit(Organization? state, EditOrganization command, bool hasActiveContract)
    {
        if (state is null) return Decision<OrganizationEvent>.Refuse(Refusal.NotFound("organization"));
        if (state.Status == OrganizationStatus.CLOSED) return Decision<OrganizationEvent>.Refuse(Refusal.Conflict("organization_closed", "This organization is closed; nothing about it changes any more."));
        if (command.Region is { } region && region != state.Region) return Decision<OrganizationEvent>.Refuse(Refusal.Conflict("region_immutable", "The region is fixed for the life of an organization; moving a customer means a new organization."));
        var changed = new OrganizationEvent.Changed(
            command.Name?.Trim() ?? state.Name,
            command.Slug?.Trim() ?? state.Slug,
            command.ExternalId is null ? state.ExternalId : Blank(command.ExternalId),
            command.Plan ?? state.Plan,
            command.IsEnterpriseCustomer ?? state.IsEnterpriseCustomer,
            command.UserCount ?? state.UserCount);
        var errors = Validate(changed.Name, changed.Slug, changed.ExternalId, changed.UserCount);
        if (errors.Length > 0) return Decision<OrganizationEvent>.Refuse(Refusal.Validation(errors));
        if (state.IsEnterpriseCustomer && !changed.IsEnterpriseCustomer && hasActiveContract)
            return Decision<OrganizationEvent>.Refuse(Refusal.Conflict("contract_active", "An active contract exists; end it before the enterprise flag is cleared."));
        return Organization.Apply(state, changed) == state ? Decision<OrganizationEvent>.NoChange : Decision<OrganizationEvent>.Accept(changed);
    }

    /// <summary>A slug made from a name: lower-case letters, digits and single dashes, 3..40 characters.</summary>
    public static string Slugify(string name)
    {
        var text = new StringBuilder(40);
        foreach (var c in name)
        {
            if (text.Length == 40) break;
            if (char.IsAsciiLetterOrDigit(c)) text.Append(char.ToLowerInvariant(c));
            else if (text.Length > 0 && text[^1] != '-') text.Append('-');
        }
        var slug = text.ToString().Trim('-');
        return slug.Length >= 3 ? slug : (slug + "-org").TrimStart('-');
    }

    private static string? Blank(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static ImmutableArray<FieldError> Validate(string name, string slug, string? externalId, int userCount)
    {
        var errors = ImmutableArray.CreateBuilder<FieldError>();
        if (name.Length is < 1 or > 120 || name.Any(char.IsControl)) errors.Add(new("name", name.Length == 0 ? "required" : "too_long_or_control"));
        if (slug.Length is < 3 or > 40 || !slug.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')) errors.Add(new("slug", "slug_format"));
        if (externalId is { Length: > 64 }) errors.Add(new("externalId", "too_long"));
        if (userCount < 0) errors.Add(new("userCount", "out_of_range"));
        return errors.ToImmutable();
    }
}
