#pragma once

// Counts what the program and its libraries allocate, by standing before the C library's functions. For one source file
// of a program.

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace tt::test {

struct Allocations {
    int64_t all = 0, large = 0; ///< large: of 4 KiB and more, what a buffer takes
    Allocations operator-(const Allocations &before) const { return {all - before.all, large - before.large}; }
};

inline std::atomic<int64_t> allocationCount{0}, largeAllocationCount{0};

inline void countAllocation(size_t bytes) {
    allocationCount.fetch_add(1, std::memory_order_relaxed);
    if (bytes >= 4096)
        largeAllocationCount.fetch_add(1, std::memory_order_relaxed);
}

inline Allocations allocations() {
    return {allocationCount.load(), largeAllocationCount.load()};
}

} // namespace tt::test

extern "C" {
void *__libc_malloc(size_t);
void *__libc_memalign(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_calloc(size_t, size_t);

void *malloc(size_t bytes) noexcept {
    tt::test::countAllocation(bytes);
    return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) noexcept {
    tt::test::countAllocation(count * bytes);
    return __libc_calloc(count, bytes);
}
void *realloc(void *memory, size_t bytes) noexcept {
    tt::test::countAllocation(bytes);
    return __libc_realloc(memory, bytes);
}
int posix_memalign(void **out, size_t alignment, size_t bytes) noexcept {
    tt::test::countAllocation(bytes);
    *out = __libc_memalign(alignment, bytes);
    return *out ? 0 : 12;
}
void *aligned_alloc(size_t alignment, size_t bytes) noexcept {
    tt::test::countAllocation(bytes);
    return __libc_memalign(alignment, bytes);
}
}
