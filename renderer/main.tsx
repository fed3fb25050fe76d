import './client/no-compiling.ts';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './theme/tokens.css';
import './theme/components.css';
import './theme/layout.css';
import './theme/app.css';
import './theme/playground.css';
import './theme/history.css';

const root = document.querySelector('#root');
if (!root) throw new Error('bug: no root element');
createRoot(root).render(<App />);
