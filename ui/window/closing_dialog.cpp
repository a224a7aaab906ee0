#include "ui/window/closing_dialog.h"

#include "ui/figures/words.h"
#include "ui/theme.h"
#include "ui/widgets/roles.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QVBoxLayout>

namespace tt {

QString ClosingDialog::heading(const std::vector<RunRow> &runs) {
    switch (runs.size()) {
    case 1:
        return tr("%1 is training").arg(runs.front().name);
    case 2:
        return tr("Two runs are training");
    case 3:
        return tr("Three runs are training");
    default:
        return tr("%1 runs are training").arg(runs.size());
    }
}

QString ClosingDialog::sentence(const std::vector<RunRow> &runs) {
    QStringList places;
    for (const RunRow &run : runs)
        places << (places.isEmpty() ? tr("%1 is at step %2 of %3") : tr("%1 at %2 of %3"))
                      .arg(run.name, count(run.step), count(run.steps));
    QString where = places.takeLast();
    if (!places.isEmpty())
        where = tr("%1 and %2").arg(places.join(tr(", ")), where);
    const QString all = runs.size() == 1 ? tr("It is saved on closing and goes on from there with Resume, bit for bit.")
                        : runs.size() == 2
                            ? tr("Both are saved on closing and go on from there with Resume, bit for bit.")
                            : tr("All are saved on closing and go on from there with Resume, bit for bit.");
    return tr("%1. %2").arg(where, all);
}

ClosingDialog::ClosingDialog(const std::vector<RunRow> &runs, QWidget *parent) : QDialog(parent) {
    setWindowTitle(tr("Close TinyTranscoder"));
    setGround(this, &Theme::panel);
    setAccessibleDescription(sentence(runs));
    auto *title = new QLabel(heading(runs), this);
    setTextRole(title, TextRole::Heading);
    auto *text = new QLabel(sentence(runs), this);
    text->setTextFormat(Qt::PlainText);
    text->setWordWrap(true);
    text->setMinimumWidth(scaled(360));
    setInk(text, Ink::Secondary);
    auto *stay = new QPushButton(tr("Stay"), this), *save = new QPushButton(tr("Save and close"), this);
    for (QPushButton *button : {stay, save})
        button->setAccessibleName(button->text());
    stay->setToolTip(tr("Goes on training\nEsc"));
    save->setToolTip(tr("Saves every run, then closes\nReturn"));
    makePrimary(save);
    save->setDefault(true);
    connect(stay, &QPushButton::clicked, this, &QDialog::reject);
    connect(save, &QPushButton::clicked, this, &QDialog::accept);

    auto *buttons = new QHBoxLayout;
    buttons->setSpacing(scaled(8));
    buttons->addStretch();
    buttons->addWidget(stay);
    buttons->addWidget(save);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(scaled(24), scaled(20), scaled(24), scaled(16));
    layout->setSpacing(scaled(8));
    layout->addWidget(title);
    layout->addWidget(text);
    layout->addSpacing(scaled(16));
    layout->addLayout(buttons);
}

} // namespace tt
