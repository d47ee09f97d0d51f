using System.Collections.Immutable;

namespace Forge.Domain.Audit;

/// <summary>Header that carries the id of a bound step-up.</summary>
public static class StepUpHeader
{
    /// <summary>Name of the header.</summary>
    public const string Name = "X-Forge-Step-Up";
}

/// <summary>Ways to prove who one is beside the password. Wire names: <c>Totp</c>, <c>Passkey</c>.</summary>
public enum FactorKind
{
    /// <summary>An authenticator app's six digits, together with a password.</summary>
    Totp = 0,

    /// <summary>A passkey with user verification; needs no password.</summary>
    Passkey = 1,
}

/// <summary>The password was right; the second half follows within 5 min.</summary>
/// <param name="Ticket">Opaque, single use, sent back with the code.</param>
/// <param name="ExpiresAt">First instant at which it is refused.</param>
public sealed record SignInTicket(string Ticket, DateTimeOffset ExpiresAt);

/// <summary>Second half of the password way.</summary>
/// <param name="Ticket">From <c>/api/auth/password</c>.</param>
/// <param name="Code">Six digits, or a recovery code (24 Crockford characters; blanks, dashes and case do not count).</param>
public sealed record TotpSignIn(string Ticket, string Code);

/// <summary>Options of a WebAuthn ceremony.</summary>
/// <param name="ChallengeId">Sent back with the credential; single use, 5 min.</param>
/// <param name="Options">JSON for <c>PublicKeyCredential.parseRequestOptionsFromJSON</c> or <c>parseCreationOptionsFromJSON</c>.</param>
public sealed record PasskeyOptions(string ChallengeId, string Options);

/// <summary>Sign-in with a passkey.</summary>
/// <param name="ChallengeId">From the options.</param>
/// <param name="Credential"><c>JSON.stringify(credential)</c>.</param>
public sealed record PasskeySignIn(string ChallengeId, string Credential);

/// <summary>Begins a sign-in at the identity provider.</summary>
/// <param name="Return">Path of the dashboard to open afterwards, at most 500 characters.</param>
/// <param name="Invitation">Token of a link: the account it makes or renews is linked to who signs in there.</param>
/// <param name="DisplayName">1..120 characters; name of a new account.</param>
/// <param name="StepUpId">A step-up of this session to be proved there.</param>
public sealed record OidcStart(string? Return = null, string? Invitation = null, string? DisplayName = null, string? StepUpId = null);

/// <summary>Where the browser goes to sign in.</summary>
public sealed record OidcRedirect(string Url);

/// <summary>Asks for a step-up. Purpose and subject come from the problem <c>step_up_required</c>; purpose <c>fresh</c> with an empty subject only renews the proof.</summary>
public sealed record StepUpRequest(string Purpose, string Subject);

/// <summary>How this step-up can be done.</summary>
/// <param name="StepUpId">Sent back with the proof, then in <c>X-Forge-Step-Up</c> of the one command it is for.</param>
/// <param name="PasskeyOptions">Request options, when the person has a passkey.</param>
/// <param name="Code">True when the person has an authenticator app: a six-digit code does it.</param>
/// <param name="ExpiresAt">First instant at which it is refused.</param>
/// <param name="SingleSignOn">Name of the identity provider, when this person can step up there: <c>/api/auth/oidc</c> in another tab, then a proof without credential and code.</param>
public sealed record StepUpOptions(string StepUpId, string? PasskeyOptions, bool Code, DateTimeOffset ExpiresAt, string? SingleSignOn = null);

/// <summary>Proves a step-up: a passkey's answer, or a code.</summary>
public sealed record StepUpProof(string StepUpId, string? Credential, string? Code);

/// <summary>A step-up was done; the session cookie has changed.</summary>
public sealed record StepUpDone(string StepUpId, DateTimeOffset ValidUntil, SessionView Session);

/// <summary>First half of first start, invitation and re-enrolment: who, and which factor.</summary>
/// <param name="Token">From the link's fragment.</param>
/// <param name="Email">First start only; an invitation knows it.</param>
/// <param name="DisplayName">1..120 characters; may be left out on re-enrolment.</param>
/// <param name="Factor">Totp needs a password, Passkey takes none.</param>
/// <param name="Password">15..128 characters.</param>
public sealed record BeginEnrolment(string Token, string? Email, string? DisplayName, FactorKind Factor, string? Password);

/// <summary>What the person's authenticator needs. Exactly one of Secret and PasskeyOptions is there.</summary>
/// <param name="EnrolmentId">Sent back to complete; 15 min.</param>
/// <param name="Secret">Base32 seed for an authenticator app.</param>
/// <param name="Uri">The same as <c>otpauth://</c> address, for a QR code.</param>
/// <param name="PasskeyOptions">JSON for <c>parseCreationOptionsFromJSON</c>.</param>
/// <param name="ExpiresAt">First instant at which it is refused.</param>
public sealed record EnrolmentBegun(string EnrolmentId, string? Secret, string? Uri, string? PasskeyOptions, DateTimeOffset ExpiresAt);

/// <summary>Second half: the first code of the app, or the new passkey.</summary>
/// <param name="Token">From the link's fragment.</param>
/// <param name="EnrolmentId">From the first half.</param>
/// <param name="Code">Six digits.</param>
/// <param name="Credential"><c>JSON.stringify(credential)</c>.</param>
/// <param name="PasskeyName">1..60 characters; "Passkey" when left out.</param>
public sealed record CompleteEnrolment(string Token, string EnrolmentId, string? Code, string? Credential, string? PasskeyName);

/// <summary>The factor stands and the person is signed in.</summary>
/// <param name="Session">The new session.</param>
/// <param name="RecoveryCodes">Shown this once; empty with a passkey.</param>
public sealed record Enrolled(SessionView Session, ImmutableArray<string> RecoveryCodes);

/// <summary>Asks what a link is for.</summary>
public sealed record LinkToken(string Token);

/// <summary>What a link is for.</summary>
/// <param name="Email">Account it makes or gives new factors to.</param>
/// <param name="DisplayName">Known name, when there is one.</param>
/// <param name="Roles">Roles of a new account.</param>
/// <param name="ReEnrolment">True: the account exists and gets new factors; all old ones end.</param>
/// <param name="ExpiresAt">First instant at which it is refused.</param>
public sealed record LinkView(string Email, string? DisplayName, ImmutableArray<string> Roles, bool ReEnrolment, DateTimeOffset ExpiresAt);

/// <summary>A person's own factors.</summary>
/// <param name="RecoveryCodesLeft">0..10.</param>
/// <param name="MustEnrol">True after a sign-in with a recovery code: a new authenticator or passkey comes first, everything else answers 403 <c>factor_required</c>.</param>
public sealed record AccountView(string UserId, string Email, string DisplayName, bool HasPassword, bool HasTotp, DateTimeOffset? TotpSince, int RecoveryCodesLeft, bool MustEnrol, ImmutableArray<PasskeyView> Passkeys);

/// <summary>A passkey as lists show it.</summary>
/// <param name="Id">Base64url of the credential id.</param>
/// <param name="Synced">True when its provider keeps a copy elsewhere.</param>
public sealed record PasskeyView(string Id, string Name, DateTimeOffset CreatedAt, bool Synced);

/// <summary>Adds a passkey to the own account.</summary>
/// <param name="ChallengeId">From <c>/api/account/passkeys/options</c>.</param>
/// <param name="Credential"><c>JSON.stringify(credential)</c>.</param>
/// <param name="Name">1..60 characters.</param>
public sealed record AddPasskey(string ChallengeId, string Credential, string Name);

/// <summary>Completes the own authenticator app, or replaces it.</summary>
/// <param name="EnrolmentId">From <c>/api/account/totp/begin</c>.</param>
/// <param name="Code">Six digits of the new app.</param>
/// <param name="Password">Needed when the account has no password yet: an app never stands alone.</param>
public sealed record AddTotp(string EnrolmentId, string Code, string? Password);

/// <summary>New recovery codes, shown this once; the old ones end.</summary>
public sealed record RecoveryCodes(ImmutableArray<string> Codes);

/// <summary>Changes the own password.</summary>
/// <param name="Password">15..128 characters.</param>
public sealed record ChangePassword(string Password);

/// <summary>A session as lists show it.</summary>
/// <param name="Id">Stable id.</param>
/// <param name="CreatedAt">Sign-in.</param>
/// <param name="LastSeenAt">Cut to about a minute.</param>
/// <param name="AuthenticatedAt">Last sign-in or step-up.</param>
/// <param name="ExpiresAt">Absolute end.</param>
/// <param name="Address">Address of the last request.</param>
/// <param name="Agent">Browser, at most 200 characters.</param>
/// <param name="Methods">Any of <c>pwd</c>, <c>otp</c>, <c>recovery</c>, <c>passkey</c>.</param>
/// <param name="Current">True for the one that asks.</param>
public sealed record SessionRow(string Id, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset AuthenticatedAt, DateTimeOffset ExpiresAt, string Address, string Agent, ImmutableArray<string> Methods, bool Current);

/// <summary>A person as the administration sees them.</summary>
/// <param name="LockedUntil">End of the password way's lock, when it is locked.</param>
/// <param name="SeniorSince">Since when a SeniorAdmin, else null.</param>
/// <param name="Sessions">Open sessions.</param>
public sealed record UserView(string Id, string Email, string DisplayName, bool Enabled, ImmutableArray<string> Roles, long Epoch, DateTimeOffset CreatedAt, DateTimeOffset? LastSignInAt, DateTimeOffset? LockedUntil, DateTimeOffset? SeniorSince, string? SeniorGrantedBy, int Sessions, bool HasTotp, int Passkeys);

/// <summary>An open invitation or re-enrolment link; never its token.</summary>
public sealed record InvitationView(string Id, string Email, ImmutableArray<string> Roles, bool ReEnrolment, string CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>All people and open links.</summary>
/// <param name="EnabledSeniors">Below 2 a banner asks for a second one: break-glass needs two people.</param>
public sealed record UsersView(ImmutableArray<UserView> Items, ImmutableArray<InvitationView> Invitations, int EnabledSeniors);

/// <summary>Invites a person.</summary>
/// <param name="Email">Account to make.</param>
/// <param name="Roles">At least one.</param>
/// <param name="Reason">1..500 characters.</param>
public sealed record InviteUser(string Email, ImmutableArray<string> Roles, string Reason);

/// <summary>A link, shown this once: <c>{base}/invitation#{token}</c>.</summary>
public sealed record CreatedInvitation(InvitationView Invitation, string Link);

/// <summary>Grants or withdraws a role.</summary>
/// <param name="Reason">1..500 characters.</param>
public sealed record ChangeRole(string Role, string Reason);

/// <summary>A command on a person that needs only its reason; for a re-enrolment link: how identity was proved.</summary>
/// <param name="Reason">1..500 characters.</param>
public sealed record ChangeUser(string Reason);

/// <summary>Every session of a person that was listed.</summary>
public sealed record SessionRows(ImmutableArray<SessionRow> Items);
