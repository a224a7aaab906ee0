#pragma once

#include "core/features/prompt_features.h"

#include <QWidget>

#include <optional>

class QLabel;
class QPushButton;
class QStackedWidget;

namespace tt {

class FactsRow;
class NodeList;

/// The tab Card of Circuits: what is known of the selected feature without leaving the graph; all of it is in Features.
class CardPanel : public QWidget {
    Q_OBJECT
public:
    explicit CardPanel(QWidget *parent = nullptr);
    void setPromptFeatures(const PromptFeatures &features);
    void setNode(const std::optional<GraphNode> &node); ///< nothing, or what is no feature, gives a sentence

Q_SIGNALS:
    void openRequested(); ///< the whole card, in Features

private:
    void showNode();
    PromptFeatures features_;
    std::optional<GraphNode> node_;
    QStackedWidget *pages_;
    QLabel *name_, *place_;
    FactsRow *facts_;
    NodeList *places_;
    QPushButton *open_;
};

} // namespace tt
