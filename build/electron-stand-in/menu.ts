import { EventEmitter } from 'node:events';

interface Template {
  readonly id?: string;
  readonly label?: string;
  readonly role?: string;
  readonly submenu?: readonly Template[];
  readonly click?: (item: unknown, window: unknown, event: unknown) => void;
}
interface Item extends Omit<Template, 'submenu' | 'click'> {
  readonly submenu: Menu | undefined;
  readonly click: () => void;
}

/** What the role `quit` does; set by the app. */
export const roles = { quit: (): void => undefined };

const itemOf = (template: Template): Item => ({
  ...template,
  submenu: template.submenu && Menu.buildFromTemplate(template.submenu),
  click: () => {
    if (template.role === 'quit') roles.quit();
    template.click?.(undefined, undefined, {});
  },
});

export class Menu {
  static #application: Menu | null = null;
  readonly items: readonly Item[];
  constructor(items: readonly Item[]) {
    this.items = items;
  }
  static buildFromTemplate = (template: readonly Template[]): Menu => new Menu(template.map(itemOf));
  static setApplicationMenu = (menu: Menu | null): void => void (Menu.#application = menu);
  static getApplicationMenu = (): Menu | null => Menu.#application;
  getMenuItemById(id: string): Item | null {
    for (const item of this.items) {
      if (item.id === id) return item;
      const inside = item.submenu?.getMenuItemById(id);
      if (inside) return inside;
    }
    return null;
  }
}

export class Tray extends EventEmitter {
  /** Open to the tests. */
  static readonly made: Tray[] = [];
  menu: Menu | undefined;
  toolTip = '';
  constructor() {
    super();
    Tray.made.push(this);
  }
  setContextMenu(menu: Menu): void {
    this.menu = menu;
  }
  setToolTip(text: string): void {
    this.toolTip = text;
  }
  destroy(): void {
    this.removeAllListeners();
  }
}
