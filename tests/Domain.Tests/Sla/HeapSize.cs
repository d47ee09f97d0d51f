using System.Reflection;
using System.Runtime.CompilerServices;

namespace Forge.Domain.Tests.Sla;

/// <summary>Bytes on the heap that an object keeps alive, by walking its fields: exact on 64 bits, whatever other tests allocate meanwhile.</summary>
internal static class HeapSize
{
    private static readonly MethodInfo SizeOfType = typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!;

    public static long Of(object root)
    {
        var (seen, waiting, bytes) = (new HashSet<object>(ReferenceEqualityComparer.Instance) { root }, new Stack<object>([root]), 0L);
        while (waiting.TryPop(out var next))
        {
            if (next is string text)
            {
                bytes += 24 + (2 * text.Length);
            }
            else if (next is Array array)
            {
                var element = next.GetType().GetElementType()!;
                bytes += Aligned(24 + (array.LongLength * Size(element)));
                if (element.IsValueType && !HasReferences(element)) continue;
                foreach (var item in array) Visit(item);
            }
            else
            {
                bytes += Aligned(16 + Fields(next.GetType()).Sum(f => (long)Size(f.FieldType)));
                foreach (var field in Fields(next.GetType())) Visit(field.GetValue(next));
            }
        }
        return bytes;

        void Visit(object? value)
        {
            if (value is null or Type or MemberInfo or Pointer) return;
            if (value.GetType().IsValueType)
            {
                // A struct lies inside its owner; only what it refers to counts.
                if (!HasReferences(value.GetType())) return;
                foreach (var field in Fields(value.GetType())) Visit(field.GetValue(value));
            }
            else if (seen.Add(value))
            {
                waiting.Push(value);
            }
        }
    }

    private static long Aligned(long bytes) => (bytes + 7) / 8 * 8;

    private static int Size(Type type) => type.IsValueType ? (int)SizeOfType.MakeGenericMethod(type).Invoke(null, null)! : 8;

    private static bool HasReferences(Type type) => !type.IsPrimitive && !type.IsEnum && Fields(type).Any(f => !f.FieldType.IsValueType || HasReferences(f.FieldType));

    private static IEnumerable<FieldInfo> Fields(Type type)
    {
        for (var at = type; at is not null && at != typeof(object); at = at.BaseType)
            foreach (var field in at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                if (!field.FieldType.IsPointer && !field.FieldType.IsByRef) yield return field;
    }
}
