// Passkeys. An answer that begins with { is the credential as JSON; anything else is the name of the error.
const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const withIds = (list) => (list ?? []).map((c) => ({ ...c, id: toBytes(c.id) }));

function creation(options) {
  if (PublicKeyCredential.parseCreationOptionsFromJSON) return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return { ...options, challenge: toBytes(options.challenge), user: { ...options.user, id: toBytes(options.user.id) }, excludeCredentials: withIds(options.excludeCredentials) };
}

function request(options) {
  if (PublicKeyCredential.parseRequestOptionsFromJSON) return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return { ...options, challenge: toBytes(options.challenge), allowCredentials: withIds(options.allowCredentials) };
}

// Browsers and password managers that came before toJSON, or throw in it, are written by hand.
function written(credential) {
  try {
    if (credential.toJSON) return credential.toJSON();
  } catch { /* by hand */ }
  const r = credential.response;
  const response = { clientDataJSON: toText(r.clientDataJSON) };
  if (r.attestationObject) {
    response.attestationObject = toText(r.attestationObject);
    response.transports = r.getTransports?.() ?? [];
  } else {
    response.authenticatorData = toText(r.authenticatorData);
    response.signature = toText(r.signature);
    if (r.userHandle) response.userHandle = toText(r.userHandle);
  }
  return {
    id: credential.id, rawId: toText(credential.rawId), type: credential.type, response,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined, clientExtensionResults: credential.getClientExtensionResults()
  };
}

async function ask(work) {
  try {
    const credential = await work();
    return credential ? JSON.stringify(written(credential)) : "NotAllowedError";
  } catch (error) {
    return error?.name ?? "UnknownError";
  }
}

// A passkey belongs to a host name; at a bare address the browser refuses it only after everything was typed.
const named = () => !/^[\d.]+$|^\[/.test(location.hostname);

export const available = () => window.isSecureContext && named() && typeof window.PublicKeyCredential === "function";

export const create = (json) => ask(() => navigator.credentials.create({ publicKey: creation(JSON.parse(json)) }));

export const get = (json) => ask(() => navigator.credentials.get({ publicKey: request(JSON.parse(json)) }));
