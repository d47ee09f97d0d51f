using Forge.Domain;

// The codecs of Domain's wire and stored types are generated here, so that Domain needs only Orleans' attributes.
[assembly: GenerateCodeForDeclaringAssembly(typeof(Refusal))]
