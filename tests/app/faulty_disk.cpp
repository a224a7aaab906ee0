// A disk that misbehaves, for the programs that ship: loaded before libc (LD_PRELOAD), or linked into a test, it stands
// between them and the calls that write. It concerns only files below TT_DISK.
//   TT_DISK_ROOM=N     the disk is full after N more bytes (ENOSPC)
//   TT_DISK_GONE=N     every call fails after N calls, as when the disk was pulled out (EIO)
//   TT_DISK_READ_ONLY  nothing can be written (EROFS)
//   TT_DISK_SLOW=MS    every call takes so much longer
// A test that links it sets ttFaultyDisk instead.
#include "app/faulty_disk.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

FaultyDisk ttFaultyDisk;

namespace {

__attribute__((constructor)) void readEnvironment() {
    if (const char *folder = std::getenv("TT_DISK"))
        std::snprintf(ttFaultyDisk.folder, sizeof ttFaultyDisk.folder, "%s", folder);
    if (const char *room = std::getenv("TT_DISK_ROOM"))
        ttFaultyDisk.room = std::atoll(room);
    if (const char *calls = std::getenv("TT_DISK_GONE"))
        ttFaultyDisk.callsLeft = std::atoll(calls);
    if (const char *slow = std::getenv("TT_DISK_SLOW"))
        ttFaultyDisk.milliseconds = std::atoi(slow);
    ttFaultyDisk.readOnly = std::getenv("TT_DISK_READ_ONLY") != nullptr;
}

template <class Function>
Function *next(const char *name) {
    return reinterpret_cast<Function *>(::dlsym(RTLD_NEXT, name));
}

bool concerned(const char *path) {
    const size_t length = std::strlen(ttFaultyDisk.folder);
    return length > 0 && std::strncmp(path, ttFaultyDisk.folder, length) == 0;
}

bool concerned(int descriptor) {
    if (ttFaultyDisk.folder[0] == '\0')
        return false;
    char link[64], path[4096];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = ::readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    return concerned(path);
}

/// What a call meets before it does anything: 0, or an errno.
int obstacle(bool writes) {
    if (ttFaultyDisk.milliseconds > 0) {
        const timespec pause{ttFaultyDisk.milliseconds / 1000, ttFaultyDisk.milliseconds % 1000 * 1'000'000L};
        ::nanosleep(&pause, nullptr);
    }
    if (ttFaultyDisk.watching)
        ++(::pthread_equal(::pthread_self(), ttFaultyDisk.watched) != 0 ? ttFaultyDisk.ofWatched
                                                                        : ttFaultyDisk.ofOthers);
    if (ttFaultyDisk.callsLeft >= 0 && ttFaultyDisk.callsLeft-- <= 0) {
        ttFaultyDisk.callsLeft = 0;
        return EIO;
    }
    return writes && ttFaultyDisk.readOnly ? EROFS : 0;
}

/// How much of `size` bytes there is room for; −1 with errno where none can be written.
ssize_t take(size_t size) {
    if (const int reason = obstacle(true); reason != 0) {
        errno = reason;
        return -1;
    }
    const int64_t room = ttFaultyDisk.room;
    if (room < 0)
        return static_cast<ssize_t>(size);
    if (room == 0 && size > 0) {
        errno = ENOSPC;
        return -1;
    }
    const int64_t taken = room < static_cast<int64_t>(size) ? room : static_cast<int64_t>(size);
    ttFaultyDisk.room -= taken;
    return taken;
}

/// For calls that make or change names: a full disk has no room for a new one.
bool refused(bool needsRoom) {
    const int reason = obstacle(true);
    errno = reason != 0 ? reason : ENOSPC;
    return reason != 0 || (needsRoom && ttFaultyDisk.room == 0);
}

} // namespace

#define TT_EXPORT extern "C" __attribute__((visibility("default")))

TT_EXPORT ssize_t write(int descriptor, const void *data, size_t size) {
    static const auto real = next<ssize_t(int, const void *, size_t)>("write");
    if (!concerned(descriptor))
        return real(descriptor, data, size);
    const ssize_t allowed = take(size);
    return allowed < 0 ? -1 : real(descriptor, data, static_cast<size_t>(allowed));
}

TT_EXPORT ssize_t writev(int descriptor, const iovec *parts, int count) {
    static const auto real = next<ssize_t(int, const iovec *, int)>("writev");
    if (!concerned(descriptor))
        return real(descriptor, parts, count);
    size_t size = 0;
    for (int i = 0; i < count; ++i)
        size += parts[i].iov_len;
    const ssize_t allowed = take(size);
    if (allowed >= 0 && static_cast<size_t>(allowed) == size)
        return real(descriptor, parts, count);
    errno = allowed < 0 ? errno : ENOSPC;
    return -1;
}

TT_EXPORT ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset) {
    static const auto real = next<ssize_t(int, const void *, size_t, off_t)>("pwrite");
    if (!concerned(descriptor))
        return real(descriptor, data, size, offset);
    const ssize_t allowed = take(size);
    return allowed < 0 ? -1 : real(descriptor, data, static_cast<size_t>(allowed), offset);
}
TT_EXPORT ssize_t pwrite64(int descriptor, const void *data, size_t size, off_t offset) {
    return pwrite(descriptor, data, size, offset);
}

TT_EXPORT int fsync(int descriptor) {
    static const auto real = next<int(int)>("fsync");
    if (concerned(descriptor))
        if (const int reason = obstacle(false); reason != 0) {
            errno = reason;
            return -1;
        }
    return real(descriptor);
}

TT_EXPORT ssize_t read(int descriptor, void *data, size_t size) {
    static const auto real = next<ssize_t(int, void *, size_t)>("read");
    if (concerned(descriptor))
        if (const int reason = obstacle(false); reason != 0) {
            errno = reason;
            return -1;
        }
    return real(descriptor, data, size);
}

TT_EXPORT int rename(const char *from, const char *to) {
    static const auto real = next<int(const char *, const char *)>("rename");
    return concerned(to) && refused(false) ? -1 : real(from, to);
}

TT_EXPORT int mkdir(const char *path, mode_t mode) {
    static const auto real = next<int(const char *, mode_t)>("mkdir");
    return concerned(path) && refused(true) ? -1 : real(path, mode);
}

TT_EXPORT int mkostemp(char *pattern, int flags) {
    static const auto real = next<int(char *, int)>("mkostemp");
    return concerned(pattern) && refused(true) ? -1 : real(pattern, flags);
}
TT_EXPORT int mkostemp64(char *pattern, int flags) {
    return mkostemp(pattern, flags);
}

TT_EXPORT int open(const char *path, int flags, ...) {
    static const auto real = next<int(const char *, int, ...)>("open");
    va_list rest;
    va_start(rest, flags);
    const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (concerned(path)) {
        const bool writes = (flags & O_ACCMODE) != O_RDONLY;
        if (const int reason = obstacle(writes); reason != 0) {
            errno = reason;
            return -1;
        }
    }
    return real(path, flags, mode);
}
TT_EXPORT int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const auto mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return open(path, flags, mode);
}

TT_EXPORT FILE *fopen(const char *path, const char *mode) {
    static const auto real = next<FILE *(const char *, const char *)>("fopen");
    if (concerned(path))
        if (const int reason = obstacle(std::strpbrk(mode, "wa+") != nullptr); reason != 0) {
            errno = reason;
            return nullptr;
        }
    return real(path, mode);
}
TT_EXPORT FILE *fopen64(const char *path, const char *mode) {
    return fopen(path, mode);
}
