#include "app/session/first_start.h"

#include "core/error.h"
#include "core/models/shipped_model.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

#include <algorithm>

namespace tt {

namespace {

QString below(const QString &name) {
    return QDir(QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation))
        .filePath(QStringLiteral("TinyTranscoder/") + name);
}

std::filesystem::path modelFolder(const QString &wanted) {
    if (!wanted.isEmpty())
        return wanted.toStdString();
    const auto folder = shippedModelFolder();
    if (!folder)
        throw Error("The model that ships with the program is not beside it. Install TinyTranscoder again to have it "
                    "back; everything else works without it.");
    return *folder;
}

} // namespace

FirstStart::FirstStart(QObject *parent) : QObject(parent) {}

QString FirstStart::folder() {
    return below(QStringLiteral("demonstration"));
}

QString FirstStart::emptyFolder() {
    return below(QStringLiteral("workspace"));
}

void FirstStart::prepare(const QString &folder, const QString &wanted) {
    worker_.post([this, folder, wanted](const std::stop_token &stop) {
        try {
            const std::filesystem::path target = folder.toStdString();
            std::error_code none;
            const bool first = !std::filesystem::exists(target / "workspace.json", none);
            try {
                const ShippedModel model = readShippedModel(modelFolder(wanted));
                if (first || isCopyOf(model, target))
                    installShippedModel(model, target, stop, {});
            } catch (const Error &) {
                if (first) // a copy that is whole needs no model to copy from
                    throw;
            }
            handOver(this, [this, folder, first] { Q_EMIT ready(folder, first); });
        } catch (const std::exception &error) {
            handOver(this, [this, why = QString::fromStdString(error.what())] { Q_EMIT failed(why); });
        }
    });
}

void FirstStart::chooseFor(const QString &graphFile, const QStringList &folders) {
    worker_.post([this, graphFile, folders](const std::stop_token &) {
        QString first = folders.first();
        try {
            const SavedGraph graph = loadGraphFile(graphFile.toStdString());
            const auto holds = [&](const QString &each) {
                if (each == folder() && !QFileInfo::exists(QDir(each).filePath(QStringLiteral("workspace.json"))))
                    return hasWeightsOf(graph, modelFolder({}));
                return hasWeightsOf(graph, each.toStdString());
            };
            if (const auto found = std::find_if(folders.begin(), folders.end(), holds); found != folders.end())
                first = *found;
        } catch (const std::exception &) { // said when the graph is opened
        }
        handOver(this, [this, first] { Q_EMIT chosen(first); });
    });
}

void FirstStart::readGraphs(const Workspace &workspace) {
    worker_.post([this, workspace](const std::stop_token &) {
        if (!demonstrationIn(workspace.folder()).empty())
            handOver(this, [this, graphs = summariseGraphs(workspace)] { Q_EMIT graphsRead(graphs); });
    });
}

} // namespace tt
