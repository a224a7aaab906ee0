#include "core/error.h"
#include "core/io/file.h"
#include "core/models/shipped_model.h"
#include "training_samples.h"

#include <QTemporaryDir>
#include <QTest>

#include <map>
#include <memory>

using namespace tt;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> paths{"tokenizer/t/tokenizer.json", "gpt/g/model.safetensors", "gpt/g/state.json",
                                     "transcoders/p/labels.json", "workspace.json"};

std::map<std::string, std::string> contentOf(const fs::path &folder) {
    std::map<std::string, std::string> files;
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            files[fs::relative(entry.path(), folder).generic_string()] = readFile(entry.path());
    return files;
}

} // namespace

class TestShippedModel : public QObject {
    Q_OBJECT
    std::unique_ptr<QTemporaryDir> folder_;
    [[nodiscard]] fs::path shipped() const { return fs::path(folder_->path().toStdString()) / "model"; }
    [[nodiscard]] fs::path target() const { return fs::path(folder_->path().toStdString()) / "home" / "copy"; }

private Q_SLOTS:
    void init() {
        folder_ = std::make_unique<QTemporaryDir>();
        for (const std::string &path : paths) {
            fs::create_directories((shipped() / path).parent_path());
            writeFileAtomically(shipped() / path, "the bytes of " + path);
        }
        writeFileAtomically(shipped() / "workspace.json", R"({"version": 1, "demonstration": "small"})");
        writeFileAtomically(shipped() / "card.md", "# card");
        writeManifest(shipped(), "small", "card.md", paths);
    }

    void a_copy_has_every_file_the_last_one_newest() {
        const ShippedModel model = readShippedModel(shipped());
        QCOMPARE(installShippedModel(model, target(), {}, {}), std::ssize(paths));
        auto expected = contentOf(shipped());
        expected.erase("manifest.json");
        expected.erase("card.md");
        QVERIFY(contentOf(target()) == expected);
        for (size_t i = 1; i < paths.size(); ++i)
            QVERIFY(fs::last_write_time(target() / paths[i]) > fs::last_write_time(target() / paths[i - 1]));
        QVERIFY(isCopyOf(model, target()));
        QCOMPARE(installShippedModel(model, target(), {}, {}), int64_t{0});
    }

    /// A kill leaves the files before some place in the list, the next one beside it under another name.
    void a_copy_cut_short_anywhere_is_completed() {
        const ShippedModel model = readShippedModel(shipped());
        for (size_t done = 0; done < paths.size(); ++done) {
            fs::remove_all(target());
            installShippedModel(model, target(), {}, {});
            for (size_t i = done; i < paths.size(); ++i)
                fs::remove(target() / paths[i]);
            if (done > 0) // and a file that another program copied only in part
                writeFileAtomically(target() / paths[0], "the by");
            QCOMPARE(installShippedModel(model, target(), {}, {}), std::ssize(paths) - int64_t(done) + (done > 0));
            QVERIFY(isCopyOf(model, target()));
            QCOMPARE(readFile(target() / paths[0]), "the bytes of " + paths[0]);
        }
    }

    void a_stop_leaves_no_workspace_and_the_next_copy_goes_on() {
        const ShippedModel model = readShippedModel(shipped());
        std::stop_source source;
        QVERIFY_EXCEPTION_THROWN(
            installShippedModel(model, target(), source.get_token(), [&](const Progress &) { source.request_stop(); }),
            Error);
        QVERIFY(!fs::exists(target() / "workspace.json"));
        QVERIFY(installShippedModel(model, target(), {}, {}) < std::ssize(paths));
        QVERIFY(isCopyOf(model, target()));
    }

    void what_a_person_changed_or_deleted_stays() {
        const ShippedModel model = readShippedModel(shipped());
        installShippedModel(model, target(), {}, {});
        writeFileAtomically(target() / "transcoders/p/labels.json", "mine");
        fs::remove_all(target() / "gpt");
        QCOMPARE(installShippedModel(model, target(), {}, {}), int64_t{0});
        QCOMPARE(readFile(target() / "transcoders/p/labels.json"), std::string("mine"));
        QVERIFY(!fs::exists(target() / "gpt"));
    }

    void weights_that_are_no_longer_whole_come_back() {
        const ShippedModel model = readShippedModel(shipped());
        installShippedModel(model, target(), {}, {});
        fs::resize_file(target() / "gpt/g/model.safetensors", 5);
        fs::remove(target() / "tokenizer/t/tokenizer.json");
        QCOMPARE(installShippedModel(model, target(), {}, {}), int64_t{2});
        QCOMPARE(readFile(target() / paths[1]), "the bytes of " + paths[1]);
        QCOMPARE(readFile(target() / paths[0]), "the bytes of " + paths[0]);
    }

    void a_damaged_model_is_named_and_makes_no_workspace() {
        writeFileAtomically(shipped() / "gpt/g/model.safetensors", "the bytes of gpt/g/model.safetensorz");
        const ShippedModel model = readShippedModel(shipped());
        const std::string why = test::errorOf([&] { installShippedModel(model, target(), {}, {}); }).first;
        QVERIFY2(why.find("model.safetensors") != std::string::npos && why.find("damaged") != std::string::npos,
                 why.c_str());
        QVERIFY(!fs::exists(target() / "workspace.json"));
        QVERIFY(!fs::exists(target() / "gpt/g/model.safetensors"));
        QVERIFY(!test::errorOf([&] { checkShippedModel(model, {}); }).first.empty());
    }

    void a_missing_file_is_named() {
        fs::remove(shipped() / "gpt/g/state.json");
        const std::string why =
            test::errorOf([&] { installShippedModel(readShippedModel(shipped()), target(), {}, {}); }).first;
        QVERIFY2(why.find("state.json") != std::string::npos, why.c_str());
    }

    void another_workspace_is_left_alone() {
        fs::create_directories(target());
        writeFileAtomically(target() / "workspace.json", R"({"version": 1})");
        const ShippedModel model = readShippedModel(shipped());
        QVERIFY(!isCopyOf(model, target()));
        QVERIFY_EXCEPTION_THROWN(installShippedModel(model, target(), {}, {}), Error);
        QCOMPARE(contentOf(target()).size(), size_t{1});
    }

    void manifests_that_lie_are_refused_data() {
        QTest::addColumn<QByteArray>("manifest");
        QTest::newRow("no JSON") << QByteArray("{");
        QTest::newRow("another version") << QByteArray(R"({"version": 2, "name": "x", "card": "c", "files": []})");
        QTest::newRow("no files") << QByteArray(R"({"version": 1, "name": "x", "card": "c", "files": []})");
        QTest::newRow("a path outside") << QByteArray(
            R"({"version": 1, "name": "x", "card": "c", "files": [{"path": "../workspace.json", "bytes": 1, "sha256": "0"}]})");
        QTest::newRow("an absolute path") << QByteArray(
            R"({"version": 1, "name": "x", "card": "c", "files": [{"path": "/workspace.json", "bytes": 1, "sha256": "0"}]})");
        QTest::newRow("no workspace at its end") << QByteArray(
            R"({"version": 1, "name": "x", "card": "c", "files": [{"path": "a", "bytes": 1, "sha256": "0"}]})");
    }
    void manifests_that_lie_are_refused() {
        QFETCH(QByteArray, manifest);
        writeFileAtomically(shipped() / "manifest.json", manifest.toStdString());
        QVERIFY_EXCEPTION_THROWN(readShippedModel(shipped()), Error);
        fs::remove(shipped() / "manifest.json");
        QVERIFY_EXCEPTION_THROWN(readShippedModel(shipped()), Error);
    }
};

QTEST_GUILESS_MAIN(TestShippedModel)
#include "test_shipped_model.moc"
