// Checkpoints of PyTorch: what is read, and what is refused without being run.
#include "core/random.h"
#include "core/torch_file_writer.h"
#include "core/training_samples.h"

#include "core/io/torch_file.h"

#include <QTemporaryDir>
#include <QtTest>

#include <cmath>
#include <filesystem>
#include <numeric>

using namespace tt;
using namespace tt::test;

namespace {
std::string half(uint16_t a, uint16_t b) {
    return littleEndian(a) + littleEndian(b);
}

/// A pickle alone in an archive.
std::string withPickle(const std::string &pickle) {
    return zipArchive({zipFile("archive/data.pkl", pickle)});
}
} // namespace

class TestTorchFile : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    [[nodiscard]] std::string path(const char *name = "file.pth") const { return folder_.filePath(name).toStdString(); }
    [[nodiscard]] std::string refusal(const std::string &bytes) const {
        writeBytes(path(), bytes);
        return errorOf([&] { TorchFile{path()}; }).first;
    }
    /// Of reading the tensor "w" [2, 2].
    [[nodiscard]] std::string tensorRefusal(const std::string &bytes) const {
        writeBytes(path(), bytes);
        return errorOf([&] {
                   TorchFile file(path());
                   const PickleValue *tensor = file.root().find("w");
                   QVERIFY(tensor != nullptr);
                   QCOMPARE(file.floats(*tensor, "w", {2, 2}).size(), 4U);
               })
            .first;
    }

private Q_SLOTS:
    void tensors_of_every_type_with_a_fraction_are_read() {
        SavedByTorch saved;
        const std::string root = SavedByTorch::stateDict(
            {{"single", saved.tensor({1.5f, -2.25f, 0, 3e-39f}, {4})},
             {"double",
              pickledTensor(saved.storage("DoubleStorage", littleEndian(0.5) + littleEndian(-3.25), 2), 0, {2}, {1})},
             {"half", pickledTensor(saved.storage("HalfStorage", half(0x3e00, 0xc080), 2), 0, {2}, {1})},
             {"brain", pickledTensor(saved.storage("BFloat16Storage", half(0x3fc0, 0xc020), 2), 0, {2}, {1})}});
        writeBytes(path(), saved.file(root));
        TorchFile file(path());
        const auto floats = [&](const char *name, int64_t count) {
            return file.floats(*file.root().find(name), name, {count});
        };
        QCOMPARE(floats("single", 4), (std::vector<float>{1.5f, -2.25f, 0, 3e-39f}));
        QCOMPARE(floats("double", 2), (std::vector<float>{0.5f, -3.25f}));
        QCOMPARE(floats("half", 2), (std::vector<float>{1.5f, -2.25f}));
        QCOMPARE(floats("brain", 2), (std::vector<float>{1.5f, -2.5f}));
    }

    void views_are_read_through_their_strides() {
        SavedByTorch saved;
        std::string bytes;
        for (int i = 0; i < 12; ++i)
            bytes += littleEndian(static_cast<float>(i));
        const StorageOf storage = saved.storage("FloatStorage", bytes, 12); // a matrix [3, 4]
        writeBytes(path(), saved.file(SavedByTorch::dict({{"transposed", pickledTensor(storage, 0, {4, 3}, {1, 4})},
                                                          {"columns", pickledTensor(storage, 1, {3, 2}, {4, 1})},
                                                          {"number", pickledTensor(storage, 7, {}, {})},
                                                          {"nothing", pickledTensor(storage, 0, {0, 5}, {5, 1})}})));
        TorchFile file(path());
        const auto floats = [&](const char *name, const std::vector<int64_t> &shape) {
            return file.floats(*file.root().find(name), name, shape);
        };
        QCOMPARE(floats("transposed", {4, 3}), (std::vector<float>{0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11}));
        QCOMPARE(floats("columns", {3, 2}), (std::vector<float>{1, 2, 5, 6, 9, 10}));
        QCOMPARE(floats("number", {}), std::vector<float>{7});
        QCOMPARE(floats("nothing", {0, 5}), std::vector<float>());
    }

    void plain_values_are_read() {
        SavedByTorch saved;
        writeBytes(path(),
                   saved.file(SavedByTorch::dict({{"text", pickled("Once")},
                                                  {"big", pickled(int64_t{1} << 40)},
                                                  {"negative", "\x8a\x01\xff"},
                                                  {"real", "G" + std::string("\x3f\xf8\0\0\0\0\0\0", 8)},
                                                  {"yes", "\x88"},
                                                  {"none", "N"},
                                                  {"list", "](" + pickled(int64_t{1}) + pickled(int64_t{2}) + "e"},
                                                  {"same", "]q\x07" + pickled(int64_t{5}) + "a0h\x07"}})));
        const TorchFile file(path());
        const PickleValue &root = file.root();
        QCOMPARE(root.find("text")->text, std::string("Once"));
        QCOMPARE(root.find("big")->integer, int64_t{1} << 40);
        QCOMPARE(root.find("negative")->integer, -1);
        QCOMPARE(root.find("real")->real, 1.5);
        QCOMPARE(root.find("yes")->integer, 1);
        QVERIFY(root.find("none")->kind == PickleValue::Kind::None);
        QCOMPARE(root.find("list")->items.size(), 2U);
        QCOMPARE(root.find("same")->items.size(), 1U); // remembered, changed, popped and fetched again
        QVERIFY(root.find("other") == nullptr);
    }

    void what_would_be_run_is_refused_by_name_data() {
        QTest::addColumn<QByteArray>("pickle");
        QTest::addColumn<QString>("name");
        const auto row = [](const char *what, const std::string &pickle, const char *name) {
            QTest::newRow(what) << QByteArray::fromStdString(pickle) << QString(name);
        };
        const std::string command = pickled("touch was-run");
        row("os.system called", "\x80\x02" + pickledName("os", "system") + "(" + command + "tR.", "os.system");
        row("as another module names it", "\x80\x02" + pickledName("posix", "system") + "(" + command + "tR.",
            "posix.system");
        row("by protocol 4", "\x80\x04\x8c\x02os\x8c\x06system\x93" + command + "\x85R.", "os.system");
        row("by INST", "(" + command + "ios\nsystem\n.", "os.system");
        row("by OBJ", "(" + pickledName("os", "system") + command + "o.", "os.system");
        row("by NEWOBJ", "\x80\x02" + pickledName("subprocess", "Popen") + ")\x81.", "subprocess.Popen");
        row("inside a reduce of an allowed name",
            "\x80\x02" + pickledName("collections", "OrderedDict") + "(" + pickledName("builtins", "eval") + "(" +
                command + "tRtR.",
            "builtins.eval");
        row("out of the memo",
            "\x80\x02" + pickledName("builtins", "exec") + "q\x00" + "0h" + std::string(1, '\0') + "(" + command +
                "tR.",
            "builtins.exec");
        row("as a tensor's hook",
            "\x80\x02" + pickledName("torch._utils", "_rebuild_tensor_v2") + "(" + pickledName("nt", "system") + "tR.",
            "nt.system");
        row("as a storage's class",
            "\x80\x02(" + pickled("storage") + pickledName("torch.storage", "_load_from_bytes") + pickled("0") +
                pickled("cpu") + pickled(int64_t{1}) + "tQ.",
            "torch.storage._load_from_bytes");
        row("a whole module", "\x80\x02" + pickledName("gpt", "GPTLanguageModel") + ")R.", "gpt.GPTLanguageModel");
    }
    void what_would_be_run_is_refused_by_name() {
        QFETCH(QByteArray, pickle);
        QFETCH(QString, name);
        const std::string text = refusal(withPickle(pickle.toStdString()));
        QVERIFY2(mentions(text, name.toStdString()), text.c_str());
        QVERIFY2(mentions(text, "Nothing was run"), text.c_str());
        QVERIFY2(mentions(text, path()), text.c_str());
        QVERIFY(!QFile::exists("was-run"));
    }

    void a_name_is_printed_plainly_however_it_is_spelt() {
        const std::string text = refusal(withPickle("c\x1b[31mos\n" + std::string(5000, 's') + "\n."));
        QVERIFY2(text.find('\x1b') == std::string::npos && text.size() < 600, text.c_str());
    }

    void other_tricks_are_refused_data() {
        QTest::addColumn<QByteArray>("pickle");
        const auto row = [](const char *what, const std::string &pickle) {
            QTest::newRow(what) << QByteArray::fromStdString(pickle);
        };
        const std::string dict = pickledName("collections", "OrderedDict");
        row("nothing", "");
        row("no end", "\x80\x02}");
        row("two values left", "}}.");
        row("an empty stack", ".");
        row("popping past a mark", "}(0.");
        row("a mark that is not there", "t.");
        row("a memo that is not there", "h\x05.");
        row("a text longer than the file", "X\xff\xff\xff\x7f");
        row("a text longer than memory", "\x8d\xff\xff\xff\xff\xff\xff\xff\x7f");
        row("an odd number of keys and values", "}(" + pickled("a") + "u.");
        row("items for a text", pickled("a") + "(" + pickled("b") + "e.");
        row("a list that is called", "])R.");
        row("what a call gave, called", dict + ")R)R.");
        row("a dictionary made of something", dict + "(" + pickled("a") + "tR.");
        row("the inside of a list", "]}b.");
        row("an extension code", "\x82\x01.");
        row("a persistent id as text", "Pos.system\n.");
        row("a persistent id that is no storage", pickled("x") + "Q.");
        row("a storage of a type that is none",
            "(" + pickled("storage") + dict + pickled("0") + pickled("cpu") + pickled(int64_t{1}) + "tQ.");
        row("a tensor of no storage", pickledName("torch._utils", "_rebuild_tensor_v2") + "(" + pickled(int64_t{0}) +
                                          pickled(int64_t{0}) + ")))tR.");
        row("a tensor of 65 dimensions",
            pickledTensor({.key = "0", .elements = 1}, 0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)) +
                ".");
        row("a negative stride", pickledTensor({.key = "0", .elements = 4}, 0, {2}, {-1}) + ".");
        row("a whole number of 72 bits", "\x8a\x09" + std::string(9, '\1') + ".");
        row("a protocol to come", "\x80\x09}.");
    }
    void other_tricks_are_refused() {
        QFETCH(QByteArray, pickle);
        const std::string text = refusal(withPickle(pickle.toStdString()));
        QVERIFY2(mentions(text, path()) && text.ends_with('.'), text.c_str());
    }

    void a_pickle_can_neither_fill_the_memory_nor_the_stack() {
        QVERIFY(mentions(refusal(withPickle(std::string(Pickle::mostValues + 2, ']') + ".")), "more than 1000000"));
        QVERIFY(mentions(refusal(withPickle(std::string(Pickle::mostBytes + 1, 'N'))), "MB"));
        // Lists nested in each other, as deep as the limit allows, and one that contains itself.
        const size_t depth = 200'000;
        writeBytes(path(), withPickle(std::string(depth, ']') + std::string(depth - 1, 'a') + "."));
        QCOMPARE(TorchFile{path()}.root().items.size(), 1U);
        writeBytes(path(), withPickle("]q\x01h\x01" + std::string("a.")));
        const TorchFile cycle(path());
        QCOMPARE(cycle.root().items.front(), &cycle.root());
    }

    void tensors_that_lie_are_refused_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("why");
        const auto row = [](const char *what, const std::string &why,
                            const std::function<std::string(SavedByTorch &)> &tensor) {
            SavedByTorch saved;
            const std::string root = SavedByTorch::dict({{"w", tensor(saved)}});
            QTest::newRow(what) << QByteArray::fromStdString(saved.file(root)) << QString::fromStdString(why);
        };
        const auto floats = [](SavedByTorch &saved, size_t count, int64_t said) {
            return saved.storage("FloatStorage", std::string(count * 4, '\0'), said);
        };
        row("another shape", "[4], expected [2, 2]", [](auto &s) { return s.tensor({1, 2, 3, 4}, {4}); });
        row("no tensor", "no tensor", [](auto &) { return pickled("a"); });
        row("whole numbers", "I64", [](auto &s) {
            return pickledTensor(s.storage("LongStorage", std::string(32, '\0'), 4), 0, {2, 2}, {2, 1});
        });
        row("a NaN", "not finite", [](auto &s) { return s.tensor({1, NAN, 3, 4}, {2, 2}); });
        row("an infinity", "not finite", [](auto &s) { return s.tensor({1, 2, 3, INFINITY}, {2, 2}); });
        row("a double beyond float32", "not finite", [](auto &s) {
            return pickledTensor(s.storage("DoubleStorage", littleEndian(1e300) + std::string(24, '\0'), 4), 0, {2, 2},
                                 {2, 1});
        });
        row("past its storage", "outside its data", [&](auto &s) {
            return pickledTensor(floats(s, 4, 4), 1, {2, 2}, {2, 1});
        });
        row("a stride past the end", "outside its data", [&](auto &s) {
            return pickledTensor(floats(s, 4, 4), 0, {2, 2}, {int64_t{1} << 62, 1});
        });
        row("an offset that overflows", "outside its data", [&](auto &s) {
            return pickledTensor(floats(s, 4, 4), INT64_MAX, {2, 2}, {2, 1});
        });
        row("one number as many", "repeats", [&](auto &s) {
            return pickledTensor(floats(s, 1, 1), 0, {2, 2}, {0, 0});
        });
        row("a storage shorter than it says", "less data", [&](auto &s) {
            return pickledTensor(floats(s, 3, 4), 0, {2, 2}, {2, 1});
        });
        row("no storage", "no data", [](auto &) {
            return pickledTensor({.key = "77", .elements = 4}, 0, {2, 2}, {2, 1});
        });
        row("a storage outside its folder", "no data", [](auto &) {
            return pickledTensor({.key = "../version", .elements = 4}, 0, {2, 2}, {2, 1});
        });
    }
    void tensors_that_lie_are_refused() {
        QFETCH(QByteArray, file);
        QFETCH(QString, why);
        const std::string text = tensorRefusal(file.toStdString());
        QVERIFY2(mentions(text, why.toStdString()) && mentions(text, "\"w\""), text.c_str());
    }

    void an_archive_that_was_cut_short_anywhere_is_refused() {
        SavedByTorch saved;
        const std::string whole = saved.file(SavedByTorch::dict({{"w", saved.tensor({1, 2, 3, 4}, {2, 2})}}));
        writeBytes(path(), whole);
        QCOMPARE(tensorRefusal(whole), std::string());
        for (size_t size = 0; size < whole.size(); ++size) {
            const std::string text = refusal(whole.substr(0, size));
            QVERIFY2(mentions(text, path()) && text.ends_with('.'), qPrintable(QString::number(size)));
        }
    }

    void a_changed_byte_is_never_taken_for_a_weight() {
        SavedByTorch saved;
        const std::string whole = saved.file(SavedByTorch::dict({{"w", saved.tensor({1, 2, 3, 4}, {2, 2})}}));
        for (size_t i = 0; i < whole.size(); ++i) {
            std::string changed = whole;
            changed[i] = static_cast<char>(changed[i] ^ 0x10);
            writeBytes(path(), changed);
            try {
                TorchFile file(path());
                if (const PickleValue *w = file.root().find("w"))
                    QCOMPARE(file.floats(*w, "w", {2, 2}), (std::vector<float>{1, 2, 3, 4}));
            } catch (const Error &error) {
                QVERIFY2(QString::fromUtf8(error.what()).endsWith('.'), error.what());
            }
        }
    }

    void archives_that_mislead_are_refused_data() {
        QTest::addColumn<QByteArray>("archive");
        QTest::addColumn<QString>("why");
        const std::string pickle = "\x80\x02}.";
        const auto row = [](const char *what, const std::vector<ZipFile> &files, const char *why) {
            QTest::newRow(what) << QByteArray::fromStdString(zipArchive(files)) << QString(why);
        };
        ZipFile bomb = zipFile("archive/data/0", std::string(100, '\0'));
        bomb.method = 8;
        bomb.size = 0xfffffff0;
        row("a zip bomb", {zipFile("archive/data.pkl", pickle), bomb}, "compressed");
        ZipFile swollen = zipFile("archive/data/0", std::string(100, '\0'));
        swollen.size = swollen.packed = 0x7fffffff;
        row("a file larger than the archive", {zipFile("archive/data.pkl", pickle), swollen}, "outside");
        ZipFile over = zipFile("archive/data.pkl", pickle);
        over.header = 0;
        row("two files in one place", {zipFile("archive/data.pkl", pickle), over}, "overlap");
        row("a name twice", {zipFile("archive/data.pkl", pickle), zipFile("archive/data.pkl", pickle)}, "two files");
        ZipFile renamed = zipFile("archive/data.pk2", pickle);
        renamed.header = 0;
        row("a name that differs in its place", {zipFile("archive/data.pkl", pickle), renamed}, "otherwise");
        ZipFile secret = zipFile("archive/data.pkl", pickle);
        secret.flags = 1;
        row("encrypted", {secret}, "encrypted");
        ZipFile broken = zipFile("archive/data.pkl", pickle);
        broken.checksum ^= 1;
        row("a checksum that differs", {broken}, "checksum");
        row("no pickle", {zipFile("archive/other", pickle)}, "no data.pkl");
        row("two pickles", {zipFile("a/data.pkl", pickle), zipFile("b/data.pkl", pickle)}, "more than one");
        row("TorchScript", {zipFile("a/constants.pkl", pickle), zipFile("a/data.pkl", pickle)}, "TorchScript");
        row("the other byte order", {zipFile("a/byteorder", "big"), zipFile("a/data.pkl", pickle)}, "byte order");
    }
    void archives_that_mislead_are_refused() {
        QFETCH(QByteArray, archive);
        QFETCH(QString, why);
        const std::string text = refusal(archive.toStdString());
        QVERIFY2(mentions(text, why.toStdString()), text.c_str());
    }

    void files_of_another_kind_say_what_they_are() {
        QVERIFY(mentions(refusal("abc"), "no PyTorch checkpoint"));
        QVERIFY(mentions(refusal(""), "no PyTorch checkpoint"));
        QVERIFY(mentions(refusal(littleEndian(uint64_t{2}) + "{\"a\":1}"), "safetensors"));
        QVERIFY(mentions(errorOf([&] { TorchFile{path("absent.pth")}; }).first, "absent.pth"));
        QVERIFY(!errorOf([&] { TorchFile{folder_.path().toStdString()}; }).first.empty());
    }

    void files_that_pytorch_wrote_are_read_right_or_refused_data();
    void files_that_pytorch_wrote_are_read_right_or_refused();
};

namespace {
std::filesystem::path checkpoints() {
    return std::filesystem::path(qEnvironmentVariable("TT_TEST_DATA").toStdString()) / "checkpoints";
}

/// "state.encoder.bias" from the root.
const PickleValue *at(const PickleValue &root, const std::string &place) {
    const size_t dot = place.find('.');
    if (const PickleValue *here = root.find(place))
        return here;
    const PickleValue *inside = dot == std::string::npos ? nullptr : root.find(place.substr(0, dot));
    return inside == nullptr ? nullptr : at(*inside, place.substr(dot + 1));
}
} // namespace

/// A tensor of each file, its shape and the sum of its values as Python's own pickle and struct modules give them;
/// without a shape, a part of the refusal.
void TestTorchFile::files_that_pytorch_wrote_are_read_right_or_refused_data() {
    QTest::addColumn<QString>("tensor");
    QTest::addColumn<QList<int>>("shape");
    QTest::addColumn<double>("sum");
    QTest::addColumn<QString>("refusal");
    const auto read = [](const char *file, const char *tensor, const QList<int> &shape, double sum) {
        QTest::newRow(file) << QString(tensor) << shape << sum << QString();
    };
    const auto refuse = [](const char *file, const char *tensor, const QList<int> &shape, const char *why) {
        QTest::newRow(file) << QString(tensor) << shape << 0.0 << QString(why);
    };
    read("batch_norm2d.pt", "norm1.running_var", {5}, 4.4999998807907104);
    read("bfloat16.pt", "tensor", {3}, 2.5);
    refuse("bool.pt", "tensor", {5}, "BOOL");
    refuse("boolean.pt", "buffer", {3}, "BOOL");
    refuse("broken.pt", "", {}, "no PyTorch checkpoint");
    read("buffer.pt", "buffer", {3, 3}, 9);
    refuse("buffers.pt", "buffer1", {3}, "I32");
    read("checkpoint.pt", "model_state_dict.fc2.weight", {3, 10}, 1.4368798633804545);
    read("complex_structure.pt", "state.encoder.layer_0.weight", {4, 3}, 1.9585695625282824);
    read("debug_test.pt", "test", {4}, 10);
    read("embedding.pt", "embed.weight", {10, 3}, -4.381989764049649);
    read("empty.pt", "tensor", {0}, 0);
    read("float16.pt", "tensor", {3}, 2.375);
    read("float32.pt", "tensor", {4}, -0.20000004768371582);
    read("float64.pt", "tensor", {3}, 6.6);
    read("group_norm.pt", "norm1.weight", {6}, 6);
    refuse("int16.pt", "tensor", {3}, "I16");
    refuse("int32.pt", "tensor", {3}, "I32");
    refuse("int64.pt", "tensor", {4}, "I64");
    refuse("int8.pt", "tensor", {4}, "I8");
    refuse("integer.pt", "buffer", {3}, "I64");
    read("large_shape.pt", "tensor", {100, 100}, 6);
    read("layer_norm.pt", "norm1.weight", {2}, 2);
    read("linear.pt", "fc2.weight", {4, 3}, 0.5604567229747772);
    read("linear_with_bias.pt", "fc1.weight", {3, 2}, -0.6217991411685944);
    read("missing_module_field.pt", "conv1.weight", {2, 2, 2, 2}, 0.16494958102703094);
    read("mixed_types.pt", "float64", {2}, 3.3);
    read("mnist.pt", "conv3.weight", {24, 16, 3, 3}, -55.32611427820666);
    refuse("mnist.safetensors", "", {}, "safetensors");
    read("model_without_enum_variants.pt", "classifier.weight", {10, 64}, -0.843957882214454);
    read("nested_dict.pt", "layer2.weight", {4, 2}, -4.627892196178436);
    read("parameter.pt", "param", {3, 3}, -2.157990664243698);
    read("scalar.pt", "tensor", {}, 42);
    refuse("simple_legacy.pt", "", {}, "before version 1.6");
    refuse("special_values.pt", "tensor", {5}, "not finite");
    read("state_dict.pt", "weight", {3, 4}, -1.6542674452066422);
    refuse("tar_2d_tensor.tar", "", {}, "tar");
    refuse("tar_float32.tar", "", {}, "tar");
    refuse("tar_float64.tar", "", {}, "tar");
    refuse("tar_int64.tar", "", {}, "tar");
    refuse("tar_weight_bias.tar", "", {}, "tar");
    read("tensor_2d.pt", "tensor", {3, 2}, 21);
    read("tensor_3d.pt", "tensor", {2, 3, 4}, -58.06537565588951);
    read("tensor_4d.pt", "tensor", {2, 3, 2, 2}, 4.8652553409338);
    refuse("test_int.pt", "test", {3}, "I64");
    read("top_level_key.pt", "my_state_dict.conv1.weight", {2, 2, 2, 2}, 0.16494958102703094);
    refuse("uint8.pt", "tensor", {4}, "U8");
    read("weights_with_config.pt", "my_model.fc2.weight", {4, 3}, 0.06552237272262573);
}

void TestTorchFile::files_that_pytorch_wrote_are_read_right_or_refused() {
    const auto file = checkpoints() / QTest::currentDataTag();
    if (!std::filesystem::exists(checkpoints()))
        QSKIP("There are no checkpoints: TT_TEST_DATA names no folder with them");
    QFETCH(QString, tensor);
    QFETCH(QList<int>, shape);
    QFETCH(double, sum);
    QFETCH(QString, refusal);
    std::vector<float> values;
    const std::string why = errorOf([&] {
                                TorchFile opened(file);
                                const PickleValue *found = at(opened.root(), tensor.toStdString());
                                QVERIFY(found != nullptr);
                                values = opened.floats(*found, "it", {shape.begin(), shape.end()});
                            }).first;
    QVERIFY2(mentions(why, refusal.toStdString()) && why.empty() == refusal.isEmpty(), why.c_str());
    const double total = std::accumulate(values.begin(), values.end(), 0.0);
    QVERIFY2(std::abs(total - sum) < 1e-6, qPrintable(QString::number(total, 'g', 17)));
}

QTEST_APPLESS_MAIN(TestTorchFile)
#include "test_torch_file.moc"
