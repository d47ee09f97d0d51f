using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Forge.Domain.Audit;
using Forge.Domain.Contracts;
using Forge.Domain.Live;
using Forge.Domain.Operations;
using Forge.Domain.Organizations;
using Forge.Domain.Sla;

namespace Forge.Domain;

/// <summary>A page of a list.</summary>
public sealed record Page<T>(ImmutableArray<T> Items, string? NextCursor, int? Total);

/// <summary>An RFC 9457 problem as this product writes it.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail, string Code, string? CorrelationId, Dictionary<string, string>? Errors = null, string? StatusText = null, string[]? AllowedCommands = null, long? Version = null, string? Why = null, string? Purpose = null, string? Subject = null, int? MaxAgeSeconds = null);

/// <summary>
/// The one JSON contract of browser, API and hub: Web defaults, enums by name. Source-generated, because the trimmed dashboard has no reflection.
/// </summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true, Converters = [typeof(UtcTimeConverter)], UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Organization))]
[JsonSerializable(typeof(OrganizationEvent))]
[JsonSerializable(typeof(CreateOrganization))]
[JsonSerializable(typeof(EditOrganization))]
[JsonSerializable(typeof(Page<Organization>))]
[JsonSerializable(typeof(Contract))]
[JsonSerializable(typeof(ContractEvent))]
[JsonSerializable(typeof(ContractView))]
[JsonSerializable(typeof(Page<ContractView>))]
[JsonSerializable(typeof(DraftContract))]
[JsonSerializable(typeof(EditContract))]
[JsonSerializable(typeof(SignContract))]
[JsonSerializable(typeof(AmendContract))]
[JsonSerializable(typeof(Principal))]
[JsonSerializable(typeof(PrincipalEvent))]
[JsonSerializable(typeof(SlaViolation))]
[JsonSerializable(typeof(ViolationEvent))]
[JsonSerializable(typeof(ViolationRow))]
[JsonSerializable(typeof(Page<ViolationRow>))]
[JsonSerializable(typeof(ViolationDetail))]
[JsonSerializable(typeof(SlaAlert))]
[JsonSerializable(typeof(AlertEvent))]
[JsonSerializable(typeof(AlertRow))]
[JsonSerializable(typeof(Page<AlertRow>))]
[JsonSerializable(typeof(BurnRules))]
[JsonSerializable(typeof(BurnRulesView))]
[JsonSerializable(typeof(BurnPlan))]
[JsonSerializable(typeof(BurnPlanEvent))]
[JsonSerializable(typeof(SlaMetric))]
[JsonSerializable(typeof(Page<SlaMetric>))]
[JsonSerializable(typeof(SlaMapping))]
[JsonSerializable(typeof(SlaMappingEvent))]
[JsonSerializable(typeof(PutSlaMapping))]
[JsonSerializable(typeof(SlaMappingView))]
[JsonSerializable(typeof(SlaMappingTrial))]
[JsonSerializable(typeof(IngestHealth))]
[JsonSerializable(typeof(SlaTile))]
[JsonSerializable(typeof(SlaOverview))]
[JsonSerializable(typeof(SlaOrganizationView))]
[JsonSerializable(typeof(SlaHistory))]
[JsonSerializable(typeof(IngestReceipt))]
[JsonSerializable(typeof(PlatformAnalytics))]
[JsonSerializable(typeof(PlatformHealthView))]
[JsonSerializable(typeof(LiveStart))]
[JsonSerializable(typeof(LiveFrame))]
[JsonSerializable(typeof(LiveHeartbeat))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(SignInRequest))]
[JsonSerializable(typeof(SetupState))]
[JsonSerializable(typeof(SignInTicket))]
[JsonSerializable(typeof(TotpSignIn))]
[JsonSerializable(typeof(PasskeyOptions))]
[JsonSerializable(typeof(PasskeySignIn))]
[JsonSerializable(typeof(StepUpRequest))]
[JsonSerializable(typeof(StepUpOptions))]
[JsonSerializable(typeof(StepUpProof))]
[JsonSerializable(typeof(StepUpDone))]
[JsonSerializable(typeof(BeginEnrolment))]
[JsonSerializable(typeof(EnrolmentBegun))]
[JsonSerializable(typeof(CompleteEnrolment))]
[JsonSerializable(typeof(Enrolled))]
[JsonSerializable(typeof(LinkToken))]
[JsonSerializable(typeof(LinkView))]
[JsonSerializable(typeof(AccountView))]
[JsonSerializable(typeof(PasskeyView))]
[JsonSerializable(typeof(AddPasskey))]
[JsonSerializable(typeof(AddTotp))]
[JsonSerializable(typeof(RecoveryCodes))]
[JsonSerializable(typeof(ChangePassword))]
[JsonSerializable(typeof(SessionRows))]
[JsonSerializable(typeof(UsersView))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(InviteUser))]
[JsonSerializable(typeof(CreatedInvitation))]
[JsonSerializable(typeof(ChangeRole))]
[JsonSerializable(typeof(ChangeUser))]
[JsonSerializable(typeof(CreateIngestKey))]
[JsonSerializable(typeof(IngestKeyView))]
[JsonSerializable(typeof(CreatedIngestKey))]
[JsonSerializable(typeof(Page<IngestKeyView>))]
[JsonSerializable(typeof(Page<JournalEntryView>))]
[JsonSerializable(typeof(JournalEntryView))]
[JsonSerializable(typeof(JournalStatus))]
[JsonSerializable(typeof(ChainStatus))]
[JsonSerializable(typeof(JournalReport))]
[JsonSerializable(typeof(Page<SealView>))]
[JsonSerializable(typeof(PublicKeySet))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(object))]
public sealed partial class ForgeJson : JsonSerializerContext;
