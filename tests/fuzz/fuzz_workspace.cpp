// The small files of a workspace: the first byte chooses which.
#include "core/io/workspace.h"
#include "core/nn/gpt_config.h"
#include "core/text/corpus.h"
#include "core/train/training_point.h"
#include "fuzz/target.h"

using namespace tt;

namespace {

void readOne(unsigned kind, std::string_view bytes) {
    static const Workspace workspace = Workspace::openOrCreate(fuzz::folder() / "w");
    std::filesystem::create_directories(fuzz::folder() / "w" / "corpus");
    std::filesystem::create_directories(fuzz::folder() / "other");
    switch (kind) {
    case 0:
        fuzz::write("other/workspace.json", bytes);
        fuzz::require(Workspace::open(fuzz::folder() / "other").corpora().empty(), "nothing is in it");
        break;
    case 1:
        fuzz::write("w/corpus/c.json", bytes);
        for (const std::string &remark : remarks(readCorpusInfo(workspace, "c")))
            fuzz::require(remark.ends_with('.'), "a remark is a sentence");
        break;
    case 2: {
        const GptConfig config = gptConfigFromJson(std::string(bytes));
        if (config.validate().empty())
            fuzz::require(gptConfigFromJson(toJson(config)) == config, "a configuration reads back");
        break;
    }
    default:
        fuzz::require(readMetrics(fuzz::write("metrics.jsonl", bytes)).size() <= bytes.size(),
                      "a point has some bytes");
    }
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    try {
        readOne(data[0] % 4U, fuzz::text(data + 1, size - 1));
    } catch (const Error &error) {
        fuzz::require(*error.what() != '\0', "an error says something");
    }
    return 0;
}
