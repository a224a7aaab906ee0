#include "core/io/new_folder.h"

#include "core/error.h"
#include "core/io/file.h"

#include <vector>

namespace tt {

namespace fs = std::filesystem;

void requireEmptyOrNew(const fs::path &folder) {
    std::error_code error; // what cannot be looked into cannot be written either, which says so
    if (fs::exists(folder, error) && !fs::is_empty(folder, error) && !error)
        throw Error("The folder " + folder.string() + " is not empty. Choose a new one; nothing was overwritten.",
                    Error::Kind::Usage);
}

NewFolder::NewFolder(fs::path path) : path_(std::move(path)) {
    requireEmptyOrNew(path_);
    std::error_code error;
    wasThere_ = fs::exists(path_, error);
    makeFolder(path_);
}

NewFolder::~NewFolder() {
    if (kept_)
        return;
    std::error_code error; // what cannot be removed only takes room
    std::vector<fs::path> written;
    for (const auto &entry : fs::directory_iterator(path_, error))
        written.push_back(entry.path());
    for (const fs::path &each : written)
        fs::remove_all(each, error);
    if (!wasThere_)
        fs::remove(path_, error);
}

} // namespace tt
