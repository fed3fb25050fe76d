import { z } from 'zod';

// Zod looks whether it may compile code as soon as a schema is made, and the page's policy counts the attempt as a breach. So this
// stands before the first import of the contract.
z.config({ jitless: true });
