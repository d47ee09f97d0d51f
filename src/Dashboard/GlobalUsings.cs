global using Forge.Domain;
