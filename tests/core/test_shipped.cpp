#include "core/io/shipped.h"

#include <QTemporaryDir>
#include <QTest>

using namespace tt;
namespace fs = std::filesystem;

class TestShipped : public QObject {
    Q_OBJECT
    QTemporaryDir folder_;
    [[nodiscard]] fs::path folder() const { return folder_.path().toStdString(); }

private Q_SLOTS:
    void an_install_tree_has_it_beside_bin_wherever_it_is_moved() {
        fs::create_directories(folder() / "one/usr/share/tinytranscoder");
        QCOMPARE(shippedFolder(folder() / "one/usr/bin/tinytranscoder").value().string(),
                 (folder() / "one/usr/share/tinytranscoder").string());
        fs::rename(folder() / "one", folder() / "two");
        QCOMPARE(shippedFolder(folder() / "two/usr/bin/tinytranscoder").value().string(),
                 (folder() / "two/usr/share/tinytranscoder").string());
    }

    void the_nearest_one_counts() {
        fs::create_directories(folder() / "outer/share/tinytranscoder");
        fs::create_directories(folder() / "outer/inner/share/tinytranscoder");
        QCOMPARE(shippedFolder(folder() / "outer/inner/bin/tinytranscoder").value().string(),
                 (folder() / "outer/inner/share/tinytranscoder").string());
    }

    void an_executable_without_its_tree_has_none() {
        fs::create_directories(folder() / "bare/bin");
        QVERIFY(!shippedFolder(folder() / "bare/bin/tinytranscoder"));
    }

    void this_build_has_the_models_of_the_sources() {
        const auto shipped = shippedFolder();
        QVERIFY(shipped);
        QVERIFY2(fs::exists(*shipped / "models" / "README.md"), shipped->c_str());
    }
};

QTEST_GUILESS_MAIN(TestShipped)
#include "test_shipped.moc"
