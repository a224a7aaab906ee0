#pragma once

#include "core/io/pickle.h"
#include "core/io/zip_archive.h"

#include <optional>
#include <set>

namespace tt {

/// A file that torch.save wrote (PyTorch 1.6 and newer): a zip archive with a pickle of what was saved and the storages
/// of its tensors. Nothing in it is executed (pickle.h). Throws Error, saying what the file is instead, for any other.
class TorchFile {
public:
    explicit TorchFile(const std::filesystem::path &path);

    [[nodiscard]] const PickleValue &root() const { return pickle_->root(); }
    [[nodiscard]] const std::filesystem::path &path() const { return archive_->path(); }
    /// A tensor as floats, row-major (from float64, float32, float16 or bfloat16); `name` is for errors. Throws Error
    /// where it is no tensor, has another shape, reaches outside its storage, holds no such numbers, is damaged, or
    /// holds a NaN or infinity.
    [[nodiscard]] std::vector<float> floats(const PickleValue &value, const std::string &name,
                                            const std::vector<int64_t> &shape);

private:
    [[nodiscard]] std::span<const std::byte> storage(const PickledTensor &tensor, const std::string &what);

    std::optional<ZipArchive> archive_;
    std::string prefix_; ///< "archive/"
    std::optional<Pickle> pickle_;
    std::set<const ZipEntry *> verified_; ///< tensors may share a storage
};

} // namespace tt
